import ScanKernels
import StorageBase

/// Finds the selected rows of one segment, page by page, reading as little as it can: the zone maps
/// of the segment, those of each page, then the filter's columns, and only where these leave a row
/// the others. Immutable and thread-safe.
struct SegmentScan {
  /// The selected rows of one page (nil: all), and its columns, which are decoded when asked for.
  struct Page {
    let rowCount: Int
    let selection: Bitmap?
    fileprivate let columns: PageColumns

    func column(_ index: Int) throws -> ColumnVector { try columns.column(index) }
    func bounds(_ index: Int) throws -> ValueBounds? { try columns.bounds(index) }
  }

  private let source: any ScanSource
  private let schema: Schema
  /// The position in the segment of each column of the schema; nil when it has none.
  private let positions: [Int?]

  /// - Parameter columns: positions in the schema of all columns that may be asked for.
  /// - Throws: `StorageError.schemaMismatch` when the segment holds one of them as another type, or
  ///   lacks one, or may hold nulls, where the schema has none.
  init(_ source: any ScanSource, schema: Schema, columns: [Int]) throws {
    self.source = source
    self.schema = schema
    positions = schema.columns.map { source.schema.index(of: $0.id) }
    for index in columns {
      let column = schema.columns[index]
      let found = positions[index].map { source.schema.columns[$0] }
      let isNullable = found?.isNullable ?? true
      guard found.map({ $0.type == column.type }) ?? true, !isNullable || column.isNullable else {
        throw StorageError.schemaMismatch(
          table: "queried", column: column.name,
          expected: Self.describe(column) + " in each segment",
          found: found.map(Self.describe) ?? "a segment without it")
      }
    }
  }

  private static func describe(_ column: Column) -> String {
    "\(column.type)\(column.isNullable ? "" : " not null")"
  }

  /// What the zone maps of the whole segment say; pages need not be looked at when that is none.
  func verdict(_ predicate: BoundPredicate?, work: inout ScanWork) -> PruneVerdict {
    work.segments += 1
    work.pages += source.pageCount
    var verdict = PruneVerdict.all
    if let predicate {
      verdict = predicate.prune { column in
        guard let position = positions[column] else { return .nulls(rowCount: source.rowCount) }
        return source.bounds(ofColumn: position)
      }
    }
    if verdict == .none || source.rowCount == 0 {
      work.segmentsPruned += 1
      work.pagesPruned += source.pageCount
      return .none
    }
    return verdict
  }

  var pageCount: Int { source.pageCount }
  var rowCount: Int { source.rowCount }

  /// What the zone map of the whole segment knows of a column of the schema; nil for nothing.
  func bounds(ofColumn index: Int) -> ValueBounds? {
    guard let position = positions[index] else { return .nulls(rowCount: source.rowCount) }
    return source.bounds(ofColumn: position)
  }

  /// Calls `body` for each of `pages` that has selected rows, until it returns false.
  ///
  /// - Parameter isWhole: the segment's zone maps say that all rows are selected.
  /// - Returns: whether `body` never returned false.
  /// - Throws: `CancellationError` when `isCancelled` says so, asked once a page.
  func forEachPage(
    in pages: Range<Int>, isWhole: Bool, selectedBy evaluator: inout PredicateEvaluator?,
    work: inout ScanWork, isCancelled: () -> Bool, body: (Page) throws -> Bool
  ) throws -> Bool {
    for page in pages {
      if isCancelled() { throw CancellationError() }
      guard
        let rows = try selectedRows(
          ofPage: page, isWhole: isWhole, by: &evaluator, work: &work)
      else { continue }
      let shouldContinue = try body(rows)
      work += rows.columns.work
      if !shouldContinue { return false }
    }
    return true
  }

  /// Nil when no row of the page is selected.
  private func selectedRows(
    ofPage page: Int, isWhole: Bool, by evaluator: inout PredicateEvaluator?,
    work: inout ScanWork
  ) throws -> Page? {
    let rowCount = source.rowRange(ofPage: page).count
    var verdict = PruneVerdict.all
    if !isWhole, let predicate = evaluator?.predicate {
      verdict = try predicate.prune { column in
        guard let position = positions[column] else { return .nulls(rowCount: rowCount) }
        return try source.bounds(ofColumn: position, page: page)
      }
    }
    if verdict == .none {
      work.pagesPruned += 1
      return nil
    }
    work.rowsScanned += rowCount
    let columns = PageColumns(source, schema, positions, page: page, rowCount: rowCount)
    guard verdict == .some else {
      work.rowsSelected += rowCount
      return Page(rowCount: rowCount, selection: nil, columns: columns)
    }
    let selection = try evaluator?.evaluate(rowCount: rowCount, column: columns.column)
    let selectedCount = selection?.setCount ?? rowCount
    work.rowsSelected += selectedCount
    if selectedCount == 0 {
      work.pagesEmpty += 1
      work += columns.work
      return nil
    }
    return Page(
      rowCount: rowCount, selection: selectedCount == rowCount ? nil : selection, columns: columns)
  }
}
