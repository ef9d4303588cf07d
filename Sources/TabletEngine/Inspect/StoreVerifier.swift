import ScanKernels
import SegmentFormat
import StorageBase

/// Checks everything that can be checked about an open store: every checksum, every invariant.
public struct StoreVerifier {
  /// What was looked at and what is wrong.
  public struct Report: Sendable {
    public var tables = 0
    public var tablets = 0
    public var rowsets = 0
    public var segments = 0
    public var rows = 0
    public var bytes = 0
    /// In words, each with the place; empty for a sound store.
    public var problems: [String] = []
  }

  private let catalogue: Catalogue

  /// Looks at the store as it is now.
  public init(_ store: Store) { self.init(store.catalogueNow) }

  init(_ catalogue: Catalogue) { self.catalogue = catalogue }

  /// - Parameter progress: told after each rowset how many have been checked, and of how many.
  public func run(progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }) -> Report {
    check(progress: progress)
  }

  /// The same; what `progress` throws ends the work.
  func check<Failure>(
    progress: (_ done: Int, _ total: Int) throws(Failure) -> Void
  ) throws(Failure) -> Report {
    var report = Report()
    let total = catalogue.allRowsets.count
    for table in catalogue.orderedTables {
      report.tables += 1
      for (bucket, tablet) in table.tablets.enumerated() {
        report.tablets += 1
        report.problems.append(contentsOf: tablet.state.check())
        for rowset in tablet.rowsets + tablet.stale.values.sorted(by: { $0.id < $1.id }) {
          check(rowset, of: table, bucket: bucket, &report)
          try progress(report.rowsets, total)
        }
        report.problems.append(contentsOf: KeyVerifier(tablet)?.problems() ?? [])
      }
    }
    for (tablet, rowset) in catalogue.pending.sorted(by: { $0.key < $1.key }).flatMap(\.value.parts)
    {
      guard let table = catalogue.table(of: tablet),
        let bucket = table.tablets.firstIndex(where: { $0.id == tablet })
      else { continue }
      check(rowset, of: table, bucket: bucket, &report)
      try progress(report.rowsets, total)
    }
    return report
  }

  private func check(
    _ rowset: Rowset, of table: TableSnapshot, bucket: Int, _ report: inout Report
  ) {
    report.rowsets += 1
    var rowCount = 0
    var lastKeys: SortKeys?
    for segment in rowset.segments {
      report.segments += 1
      report.bytes += segment.byteCount
      do {
        let reader = try segment.reader()
        rowCount += reader.rowCount
        let damage = reader.verify()
        report.problems.append(contentsOf: damage.map { "\($0)" })
        guard damage.isEmpty else { continue }
        if rowset.summary.segmentsOverlap { lastKeys = nil }
        try checkRows(reader, of: table, bucket: bucket, after: &lastKeys, &report)
        let problems = try IndexVerifier(table.definition).problems(of: reader)
        report.problems.append(contentsOf: problems)
      } catch {
        report.problems.append("\(error)")
      }
    }
    for delta in rowset.deltas {
      report.segments += 1
      report.bytes += delta.byteCount
      do {
        report.problems += try delta.reader().verify().map { "\($0)" }
      } catch {
        report.problems.append("\(error)")
      }
    }
    report.rows += rowCount
    if rowCount != rowset.summary.rowCount {
      report.problems.append(
        "rowset \(rowset.id) \(rowset.summary.versions): expected \(rowset.summary.rowCount) "
          + "rows, found \(rowCount) in its segments")
    }
  }

  /// Rows must be in key order, and in the bucket their hash says.
  private func checkRows(
    _ reader: SegmentReader, of table: TableSnapshot, bucket: Int,
    after last: inout SortKeys?, _ report: inout Report
  ) throws {
    let schema = table.definition.schema
    let hash = BucketHash(definition: table.definition)
    var work = PageWork()
    for page in 0..<reader.pageCount {
      let columns = try schema.columns.map { column in
        try reader.readPage(of: column, page: page, work: &work)
      }
      let rows = reader.rowRange(ofPage: page)
      let keys = SortKeys(Array(columns[..<schema.sortKeyCount]))
      if let row = firstDisorder(keys, after: last) {
        report.problems.append(
          "\(reader.path): row \(rows.lowerBound + row) sorts before the one it follows")
      }
      last = keys
      let batch = ColumnBatch(schema: schema, rowCount: rows.count, columns: columns)
      if let row = hash.buckets(of: batch).firstIndex(where: { Int($0) != bucket }) {
        report.problems.append(
          "\(reader.path): row \(rows.lowerBound + row) belongs to another bucket than \(bucket)")
      }
    }
  }

  private func firstDisorder(_ keys: SortKeys, after last: SortKeys?) -> Int? {
    if let last, last.compare(last.rowCount - 1, keys, 0) > 0 { return 0 }
    return keys.firstDescent
  }
}
