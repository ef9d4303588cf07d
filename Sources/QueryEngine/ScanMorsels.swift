import ScanKernels
import StorageBase

/// The pages a query has to look at, cut into pieces that threads take one at a time. After
/// "Morsel-Driven Parallelism" (Leis, Boncz, Kemper, Neumann, SIGMOD 2014).
struct ScanMorsels: Sendable {
  struct Morsel: Sendable {
    let scan: SegmentScan
    let pages: Range<Int>
    /// Whether the segment's zone maps say that all rows are selected.
    let isWhole: Bool
  }

  /// Enough rows that taking a morsel costs nothing beside it, few enough that threads end
  /// together.
  private static let pagesPerMorsel = 8

  /// In the order of the segments and their pages.
  let all: [Morsel]
  let filter: BoundPredicate?

  /// Leaves out segments that their zone maps rule out, and what `indexes` rule out of the others.
  /// - Parameter columns: positions in the schema of the columns that are read beside the filter's.
  init(
    _ plan: QueryPlan, _ segments: [any ScanSource], columns: [Int], indexes: IndexUse = .never,
    work: inout ScanWork
  ) throws {
    filter = plan.filter
    let needed = columns + (plan.filter?.columns ?? [])
    var morsels: [Morsel] = []
    for segment in segments {
      var scan = try SegmentScan(segment, schema: plan.schema, columns: needed)
      let verdict = scan.verdict(plan.filter, work: &work)
      if verdict == .none { continue }
      if let filter = plan.filter, verdict == .some {
        guard
          let pruned = try scan.pruned(
            by: filter, indexes, isCountOnly: columns.isEmpty, work: &work)
        else { continue }
        scan = pruned
      }
      for start in stride(
        from: scan.pages.lowerBound, to: scan.pages.upperBound, by: Self.pagesPerMorsel)
      {
        morsels.append(
          Morsel(
            scan: scan, pages: start..<min(scan.pages.upperBound, start + Self.pagesPerMorsel),
            isWhole: verdict == .all))
      }
    }
    all = morsels
  }

  /// Rows of the segments there are morsels of.
  var rowCount: Int {
    all.lazy.filter { $0.pages.lowerBound == $0.scan.pages.lowerBound }.reduce(0) {
      $0 + $1.scan.rowCount
    }
  }

  /// A range that all values of an integer column lie in, null rows aside; nil when zone maps do
  /// not tell.
  func range(ofColumn column: Int) -> ClosedRange<Int64>? {
    var range: ClosedRange<Int64>?
    for morsel in all where morsel.pages.lowerBound == morsel.scan.pages.lowerBound {
      guard let bounds = morsel.scan.bounds(ofColumn: column) else { return nil }
      if bounds.nullCount == bounds.rowCount { continue }
      guard case .integer(let low) = bounds.lower, case .integer(let high)? = bounds.upper,
        let lower = Int64(exactly: low), let upper = Int64(exactly: high), lower <= upper
      else { return nil }
      range = min(range?.lowerBound ?? lower, lower)...max(range?.upperBound ?? upper, upper)
    }
    return range
  }
}
