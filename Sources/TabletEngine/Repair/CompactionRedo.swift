import ScanKernels
import SegmentFormat
import StorageBase
import TabletModel

/// Carries out the compaction that made a damaged rowset again, from its inputs, which are kept for
/// a while: of tables whose keys are unique, where the inputs themselves do not know what has been
/// deleted since. The rows come to the same places, so what later versions say of them by their
/// places can be taken over.
struct CompactionRedo {
  let store: Store
  let table: TableSnapshot
  let tablet: TabletSnapshot
  let examiner: RowsetExaminer
  /// Of all rowsets of the tablet.
  let examinations: [RowsetID: RowsetExamination]

  /// The same rowset again; nil when its inputs are not there, are damaged, or come to something
  /// else than what can be read of it.
  /// - Throws: `StorageError` when the disk does not take it.
  func run(_ rowset: Rowset) throws -> SavedRowset? {
    guard let examination = examinations[rowset.id], let inputs = inputs(of: rowset),
      let oldCounts = try rowCounts(of: rowset, examination)
    else { return nil }
    let files = RepairFiles(store: store, tablet: tablet.id)
    do {
      let range = rowset.summary.versions
      let merger = try SegmentMerger(
        definition: table.definition, segmentRowCountMax: store.options.segmentRowCountMax,
        isBase: range.first == VersionRange.initial.first)
      let result = try merger.merge(
        merger.inputs(of: inputs, at: range.last), isCancelled: { false },
        sink: { _ in try files.create() })
      for segment in result.segments { files.add(byteCount: segment.byteCount) }
      let readers = try result.segments.indices.map { try files.reader($0) }
      guard result.rowCount == rowset.summary.rowCount,
        try agrees(readers, with: rowset, examination, oldCounts)
      else {
        files.remove()
        return nil
      }
      let salvage = RowsetSalvage(store: store, tablet: tablet.id, examiner: examiner)
      let deltas = try salvage.saveDeltas(of: rowset, examination, to: files)
      try files.sync()
      return saved(rowset, result, deltas, oldCounts, files)
    } catch {
      files.remove()
      throw error
    }
  }

  private func saved(
    _ rowset: Rowset, _ result: SegmentMerger.Result, _ deltas: [(ordinal: Int, rows: [UInt32])?],
    _ oldCounts: [Int], _ files: RepairFiles
  ) -> SavedRowset {
    let old = rowset.summary
    let summary = RowsetSummary(
      versions: old.versions, byteCount: files.byteCounts.reduce(0, +), rowCount: result.rowCount,
      segmentCount: files.byteCounts.count, deltaCount: deltas.count { $0 != nil },
      segmentsOverlap: false, mergeDepth: old.mergeDepth, createdAt: old.createdAt)
    var first: UInt32 = 0
    let rows = oldCounts.map { count -> [UInt32] in
      defer { first += UInt32(count) }
      return Array(first..<first + UInt32(count))
    }
    return SavedRowset(
      meta: files.meta(summary), rows: rows, rowCounts: result.segments.map(\.rowCount),
      deltas: deltas)
  }

  /// The rowsets that the compaction has merged, in version order: the greatest ones that it has
  /// replaced. Those in them are inputs of earlier compactions, which do not know what has been
  /// deleted until this one.
  private func inputs(of rowset: Rowset) -> [Rowset]? {
    let range = rowset.summary.versions
    let inside = tablet.stale.values.filter { range.contains($0.summary.versions) }
    let greatest = inside.filter { one in
      !inside.contains { other in
        other.id != one.id && other.summary.versions.contains(one.summary.versions)
          && (other.summary.versions != one.summary.versions || other.id > one.id)
      }
    }
    let ordered = greatest.sorted { $0.summary.versions.first < $1.summary.versions.first }
    var next = range.first
    for input in ordered {
      guard input.summary.versions.first == next, examinations[input.id]?.isSound ?? false
      else { return nil }
      next = input.summary.versions.last.next
    }
    guard next == range.last.next,
      ordered.map(\.summary.mergeDepth).max() == rowset.summary.mergeDepth - 1
    else { return nil }
    return ordered
  }

  /// By segment of the damaged rowset; nil when that is not known of more than one of them.
  private func rowCounts(
    of rowset: Rowset, _ examination: RowsetExamination
  ) throws -> [Int]? {
    var counts = try zip(rowset.segments, examination.segments).map { segment, found in
      found.wholePages == nil ? nil : try examiner.reader(of: segment).rowCount
    }
    let rest = rowset.summary.rowCount - counts.reduce(0) { $0 + ($1 ?? 0) }
    let unknown = counts.indices.filter { counts[$0] == nil }
    guard unknown.count <= 1, rest >= 0, rest == 0 || !unknown.isEmpty else { return nil }
    if let segment = unknown.first { counts[segment] = rest }
    return counts.compactMap { $0 }
  }

  /// Whether all pages that can be read hold the rows that are in their places now.
  private func agrees(
    _ readers: [SegmentReader], with rowset: Rowset, _ examination: RowsetExamination,
    _ oldCounts: [Int]
  ) throws -> Bool {
    var firstRow = 0
    for (index, segment) in rowset.segments.enumerated() {
      defer { firstRow += oldCounts[index] }
      guard let pages = examination.segments[index].wholePages else { continue }
      let remains = SegmentRemains(
        rows: try examiner.reader(of: segment), of: table.definition)
      for column in table.definition.schema.columns {
        var new = RowSequence(readers, column)
        var work = PageWork()
        for page in pages {
          let old = try remains.read(column, page: page, work: &work)
          let start = firstRow + remains.reader.rowRange(ofPage: page).lowerBound
          for row in 0..<old.count where try new.value(at: start + row) != old[row] {
            return false
          }
        }
      }
    }
    return true
  }
}

/// The values of a column of some segments, asked for in order. Not thread-safe.
private struct RowSequence {
  private let readers: [SegmentReader]
  private let column: Column
  private var work = PageWork()
  private var segment = 0
  private var segmentStart = 0
  /// The page read last, and its first row.
  private var page: (rows: Range<Int>, values: ColumnVector)?

  init(_ readers: [SegmentReader], _ column: Column) {
    self.readers = readers
    self.column = column
  }

  /// - Precondition: rows ascend.
  mutating func value(at row: Int) throws -> Value {
    if let page, page.rows.contains(row) { return page.values[row - page.rows.lowerBound] }
    while row >= segmentStart + readers[segment].rowCount {
      segmentStart += readers[segment].rowCount
      segment += 1
    }
    let reader = readers[segment]
    let number = (row - segmentStart) / reader.rowsPerPage
    let range = reader.rowRange(ofPage: number)
    let values = try reader.readPage(of: column, page: number, work: &work)
    page = (range.lowerBound + segmentStart..<range.upperBound + segmentStart, values)
    return values[row - segmentStart - range.lowerBound]
  }
}
