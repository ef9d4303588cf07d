import ScanKernels
import SegmentFormat
import StorageBase

/// Checks that the new values that deltas of a tablet have are for rows that are there, and of the
/// same keys.
struct PatchVerifier {
  private let tablet: TabletSnapshot
  private let keyColumns: [Column]

  init(_ tablet: TabletSnapshot, _ keys: TabletKeys) {
    self.tablet = tablet
    keyColumns = Array(keys.schema.columns[..<keys.schema.sortKeyCount])
  }

  /// What is wrong, in words. Memory is that of the keys of a delta.
  func problems() -> [String] {
    let deltas = tablet.rowsets.deltas
    var problems: [String] = []
    for segment in tablet.segments {
      for entry in segment.patches.entries {
        guard let delta = deltas[entry.id] else { continue }
        do {
          problems += try self.problems(of: entry.pairs, segment, delta)
        } catch {
          problems.append("\(error)")
        }
      }
    }
    return problems
  }

  private func problems(
    of pairs: PatchPairs, _ segment: RowsetSegment, _ delta: RowsetSegment
  ) throws -> [String] {
    let (reader, deltaReader) = (try segment.reader(), try delta.reader())
    guard Int(pairs.rows.last ?? 0) < reader.rowCount,
      pairs.deltaRows.allSatisfy({ Int($0) < deltaReader.rowCount })
    else {
      return [
        "\(delta.path): has new values for rows of \(segment.path) where one has no such row"
      ]
    }
    var locations = KeyLocations(count: pairs.rows.count)
    let number = locations.add(segment)
    for (index, row) in pairs.rows.enumerated() {
      locations.set(index, segment: number, row: row)
    }
    let pages = try RowPlaces(locations).stretches.flatMap {
      RowPlaces.pages(of: $0, in: try $0.segment.reader())
    }
    var work = PageWork()
    var keys: (own: [ColumnVector], given: [ColumnVector]) = ([], [])
    for column in keyColumns {
      let builder = ColumnBuilder(type: column.type)
      for page in pages {
        let vector = try page.read(column, work: &work)
        builder.append(vector, rows: 0..<vector.count)
      }
      keys.own.append(builder.finish())
      try delta.forEachPage(of: column) { builder.append($0, rows: 0..<$0.count) }
      keys.given.append(builder.finish().gather(pairs.deltaRows))
    }
    let own = try SortKeyBytes.encode(keys.own, keyColumns)
    let given = try SortKeyBytes.encode(keys.given, keyColumns)
    return pairs.rows.indices.compactMap { index in
      guard compareBytes(own[index], given[index]) != 0 else { return nil }
      return "\(delta.path): row \(pairs.deltaRows[index]) has new values for row "
        + "\(pairs.rows[index]) of \(segment.path), which has another key"
    }
  }
}
