import InvertedIndex
import ScanKernels
import StorageBase

/// Finds the selected rows of one segment, page by page, reading as little as it can: the zone maps
/// of the segment, those of each page, then the filter's columns, and only where these leave a row
/// the others. Immutable and thread-safe; shared by the pieces its pages are cut into.
final class SegmentScan: Sendable {
  /// The selected rows of one page (nil: all), and its columns, which are decoded when asked for;
  /// good until the next page.
  struct Page {
    let rowCount: Int
    let selection: Bitmap?
    fileprivate let columns: PageColumns

    func column(_ index: Int) throws -> ColumnVector { try columns.column(index) }
    func column(_ index: Int, rows: [UInt32]) throws -> ColumnVector {
      try columns.column(index, rows: rows)
    }
    func bounds(_ index: Int) throws -> ValueBounds? { try columns.bounds(index) }
  }

  private let source: any ScanSource
  private let schema: Schema
  /// The position in the segment of each column of the schema; nil when it has none.
  private let positions: [Int?]
  /// What filters and indexes left; nil when they were not asked.
  private let pruning: SegmentPruning?

  /// - Parameter columns: positions in the schema of all columns that may be asked for.
  /// - Throws: `StorageError.schemaMismatch` when the segment holds one of them as another type, or
  ///   lacks one, or may hold nulls, where the schema has none.
  init(_ source: any ScanSource, schema: Schema, columns: [Int]) throws {
    self.source = source
    self.schema = schema
    pruning = nil
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

  private init(_ other: SegmentScan, pruning: SegmentPruning) {
    source = other.source
    schema = other.schema
    positions = other.positions
    self.pruning = pruning
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
  var isAltered: Bool { source.isAltered }

  /// The pages that may have selected rows.
  var pages: Range<Int> { pruning?.pages ?? 0..<source.pageCount }

  /// Asks what the segment has besides columns, and gives a scan that looks at what that leaves
  /// only; nil when it leaves nothing.
  ///
  /// - Parameter isCountOnly: whether only the number of the selected rows is wanted.
  func pruned(
    by filter: BoundPredicate, _ use: IndexUse, isCountOnly: Bool, work: inout ScanWork
  ) throws -> SegmentScan? {
    guard use.mode != .never, let source = source as? any PrunableSource else { return self }
    let pruner = SegmentPruner(
      source, schema: schema, positions: positions, filter: filter, use: use)
    guard var found = try pruner.pruning(&work) else { return nil }
    found.isCountOnly = isCountOnly && found.rest == nil && !source.isAltered
    return SegmentScan(self, pruning: found)
  }

  /// What the zone map of the whole segment knows of a column of the schema; nil for nothing.
  func bounds(ofColumn index: Int) -> ValueBounds? {
    guard let position = positions[index] else { return .nulls(rowCount: source.rowCount) }
    return source.bounds(ofColumn: position)
  }

  /// Calls `body` for each of `pages` that has selected rows, until it returns false.
  ///
  /// - Parameter isWhole: the segment's zone maps say that all rows are selected.
  /// - Parameter needed: what the rows of a page have to be for it to matter, asked before each;
  ///   pages that zone maps show to have none are left out.
  /// - Returns: whether `body` never returned false.
  /// - Throws: `CancellationError` when `isCancelled` says so, asked once a page.
  func forEachPage(
    in pages: Range<Int>, isWhole: Bool, selectedBy evaluator: inout PredicateEvaluator?,
    work: inout ScanWork, isCancelled: () -> Bool, needed: () -> BoundPredicate? = { nil },
    body: (Page) throws -> Bool
  ) throws -> Bool {
    if let pruning, pruning.isCountOnly, let rows = pruning.rows {
      return try countedRows(rows, of: pages, work: &work, body: body)
    }
    let columns = PageColumns(source, schema, positions)
    for page in pages {
      if isCancelled() { throw CancellationError() }
      if let needed = needed(), try verdict(needed, ofPage: page) == .none {
        work.pagesPruned += 1
        continue
      }
      guard
        let rows = try selectedRows(
          ofPage: page, columns, isWhole: isWhole, by: &evaluator, work: &work)
      else { continue }
      let shouldContinue = try body(rows)
      work += rows.columns.work
      if !shouldContinue { return false }
    }
    return true
  }

  /// What the zone maps of a page say.
  private func verdict(_ predicate: BoundPredicate, ofPage page: Int) throws -> PruneVerdict {
    try predicate.prune { column in
      guard let position = positions[column] else {
        return .nulls(rowCount: source.rowRange(ofPage: page).count)
      }
      return try source.bounds(ofColumn: position, page: page)
    }
  }

  /// Nil when no row of the page is selected.
  private func selectedRows(
    ofPage page: Int, _ columns: PageColumns, isWhole: Bool,
    by evaluator: inout PredicateEvaluator?, work: inout ScanWork
  ) throws -> Page? {
    let range = source.rowRange(ofPage: page)
    let rowCount = range.count
    var selection: Bitmap?
    if let rows = pruning?.rows {
      guard let found = rows.bitmap(of: range) else {
        work.pagesPrunedByIndex += 1
        return nil
      }
      selection = found
    }
    var verdict = PruneVerdict.all
    if !isWhole, let predicate = pruning.map(\.rest) ?? evaluator?.predicate {
      verdict = try self.verdict(predicate, ofPage: page)
    }
    if verdict == .none {
      work.pagesPruned += 1
      return nil
    }
    work.rowsScanned += rowCount
    columns.begin(page: page, rowCount: rowCount)
    if let known = selection {
      source.removeDeleted(from: known, of: range)
      if verdict == .some, let rest = pruning?.rest {
        selection = try evaluator?.evaluate(rest, among: known, column: columns.column)
      }
    } else {
      if verdict == .some {
        selection = try evaluator?.evaluate(rowCount: rowCount, column: columns.column)
      }
      if let live = source.liveRows(in: range) {
        if let selection { live.formIntersection(selection) }
        selection = live
      }
    }
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

  /// The rows of some pages as one page of which only the number of rows is known, for a query that
  /// counts what an index has selected.
  private func countedRows(
    _ rows: RowSet, of pages: Range<Int>, work: inout ScanWork, body: (Page) throws -> Bool
  ) rethrows -> Bool {
    guard let first = pages.first, let last = pages.last else { return true }
    let count = rows.count(
      in: source.rowRange(ofPage: first).lowerBound..<source.rowRange(ofPage: last).upperBound)
    work.rowsSelected += count
    if count == 0 { return true }
    let columns = PageColumns(source, schema, positions)
    columns.begin(page: first, rowCount: count)
    return try body(Page(rowCount: count, selection: nil, columns: columns))
  }
}
