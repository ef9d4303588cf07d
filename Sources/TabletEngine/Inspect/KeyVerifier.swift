import ScanKernels
import SegmentFormat
import StorageBase

/// Checks that a tablet of a unique-key table has one row of each key at its newest version, and
/// that what finds rows by their keys finds these.
struct KeyVerifier {
  private let tablet: TabletSnapshot
  private let keys: TabletKeys
  private let keyColumns: [Column]

  /// Nil for a tablet whose keys are not unique.
  init?(_ tablet: TabletSnapshot) {
    guard let keys = tablet.keys else { return nil }
    self.tablet = tablet
    self.keys = keys
    keyColumns = Array(keys.schema.columns[..<keys.schema.sortKeyCount])
  }

  /// What is wrong, in words. Every key is looked for in every segment; memory is that of a page.
  func problems() -> [String] {
    var problems = tablet.segments.flatMap(strayDeletes) + PatchVerifier(tablet, keys).problems()
    // Rows that are not there cannot be left out.
    guard problems.isEmpty else { return problems }
    do {
      for live in try tablet.liveSegments() { problems += try self.problems(of: live) }
    } catch {
      problems.append("keys of tablet \(tablet.id): \(error)")
    }
    return problems
  }

  /// Deletes of rows that the segment does not have.
  private func strayDeletes(of segment: RowsetSegment) -> [String] {
    let entries = segment.deletes.history.entries
    guard let last = entries.lazy.compactMap(\.rows.last).max() else { return [] }
    do {
      let rowCount = try segment.reader().rowCount
      guard last >= rowCount else { return [] }
      return ["\(segment.path): row \(last) is deleted, and there are \(rowCount)"]
    } catch {
      return ["\(error)"]
    }
  }

  private func problems(of live: LiveSegment) throws -> [String] {
    var problems: [String] = []
    let pages = try KeyPages(live.segment, keyColumns, nil)
    try pages.forEachPage { page in
      let encoded = try SortKeyBytes.encode(page.keys, keyColumns)
      let found = try KeySearch(encoded, in: tablet).locations
      for (index, location) in found.enumerated() {
        let row = page.rows.lowerBound + index
        guard !(live.deleted?.contains(row) ?? false) else { continue }
        guard let location, location.segment === live.segment, Int(location.row) == row else {
          let other = location.map { "row \($0.row) of \($0.segment.path)" } ?? "none"
          problems.append("\(live.segment.path): the key of row \(row) leads to \(other)")
          continue
        }
      }
      problems += try disagreements(page.keys, found)
    }
    return problems
  }

  /// Where the index knows other rows of keys than a search finds; an index that nobody has needed
  /// yet knows none.
  private func disagreements(
    _ columns: [ColumnVector], _ found: [RowLocation?]
  ) throws -> [String] {
    guard let index = keys.index, index.memory != nil else { return [] }
    let sought = SoughtKeys(columns: columns.map { $0.widened() }, keyColumns: keyColumns)
    let locations = try index.locate(sought, in: tablet)
    return found.enumerated().compactMap { (key: Int, found: RowLocation?) -> String? in
      let known = locations[key]
      guard known?.segment !== found?.segment || known?.row != found?.row else { return nil }
      let places: [String] = [known, found].map { location in
        location.map { "row \($0.row) of \($0.segment.path)" } ?? "none"
      }
      return "tablet \(tablet.id): the key index leads to \(places[0]), the keys to \(places[1])"
    }
  }
}
