import ScanKernels
import StorageBase
import TabletEngine

/// A condition on rows as SQL writes it after WHERE, fitted to their columns: `op = 'd' and at <
/// '2026-01-01'`. Immutable and thread-safe.
public struct RowCondition: Sendable {
  public let text: String
  /// The columns of the rows that it looks at.
  public let columnNames: Set<String>
  let derived: [DerivedColumn]
  let predicate: Predicate

  /// - Parameter table: the name that may stand before those of columns.
  /// - Throws: `SQLError` with the place, for what is no condition, an unknown name, and what does
  ///   not fit the types of the columns.
  public init(_ text: String, schema: Schema, table: String = "") throws {
    var select = SQLSelect()
    select.table = table
    var scope = SQLScope(text: text, select: select, table: schema)
    let node = try SQLParser.condition(text)
    predicate = try scope.predicate(node)
    derived = scope.derived
    self.text = text
    columnNames = Set(try node.columns.map { try scope.column($0) })
  }

  /// The rows of a batch for which it is true. A batch with other columns than it was fitted to is
  /// an error of the caller.
  /// - Throws: `StorageError.limitExceeded` for a computed number of more than 38 digits.
  public func rows(of batch: ColumnBatch) throws -> Bitmap {
    let columns = try DerivedColumns(derived, table: batch.schema)
    let bound = try predicate.bound(to: columns.schema, analyzers: .standard)
    let pages = BatchPages(batch)
    let scan = try SegmentScan(
      columns.source(over: pages), schema: columns.schema, columns: bound.columns)
    var evaluator: PredicateEvaluator? = PredicateEvaluator(bound)
    var work = ScanWork()
    let result = Bitmap(count: batch.rowCount)
    for page in 0..<pages.pageCount {
      let first = pages.rowRange(ofPage: page).lowerBound
      _ = try scan.forEachPage(
        in: page..<page + 1, isWhole: false, selectedBy: &evaluator, work: &work,
        isCancelled: { false },
        body: { found in
          guard let selection = found.selection else {
            for row in 0..<found.rowCount { result.set(first + row) }
            return true
          }
          selection.forEachSet { result.set(first + $0) }
          return true
        })
    }
    return result
  }
}

/// The rows of a batch as a query reads them.
private struct BatchPages: ScanSource {
  private static let rowsPerPage = 1 << 14
  private let batch: ColumnBatch

  init(_ batch: ColumnBatch) { self.batch = batch }

  var schema: Schema { batch.schema }
  var rowCount: Int { batch.rowCount }
  var pageCount: Int { batch.rowCount.ceilingDivision(by: Self.rowsPerPage) }

  func rowRange(ofPage page: Int) -> Range<Int> {
    page * Self.rowsPerPage..<min(batch.rowCount, (page + 1) * Self.rowsPerPage)
  }

  func bounds(ofColumn column: Int) -> ValueBounds? { nil }
  func bounds(ofColumn column: Int, page: Int) -> ValueBounds? { nil }
  var isAltered: Bool { false }
  func liveRows(in range: Range<Int>) -> Bitmap? { nil }

  func readPage(column: Int, page: Int, work: inout ScanWork) -> ColumnVector {
    let rows = rowRange(ofPage: page)
    if rows.count == batch.rowCount { return batch.columns[column] }
    return batch.columns[column].gather(rows.map { UInt32($0) })
  }
}

extension SQLNode {
  /// The names of columns anywhere within it.
  fileprivate var columns: [SQLNode] {
    if case .name = kind { return [self] }
    return children.flatMap(\.columns)
  }
}
