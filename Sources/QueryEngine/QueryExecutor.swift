import ScanKernels
import StorageBase

/// Runs queries over the segments of one snapshot. Stateless and thread-safe.
///
/// Work goes down in this order, each step on what the one before left: segment zone maps, page
/// zone maps, the filter's columns on encoded data, and last the other columns of pages with
/// selected rows.
public enum QueryExecutor {
  /// The answer, in an order that depends on nothing but the query and the data: as asked, with
  /// ties and all else by group key or, for selected rows, as in `segments`.
  ///
  /// - Parameter schema: resolves the names of the query; a segment's columns are matched with it
  ///   by id, and one that a segment lacks is null there.
  /// - Parameter isCancelled: asked once a page.
  /// - Throws: `StorageError.unknownName`, `.schemaMismatch` and `.alreadyExists` for a query that
  ///   does not fit, `.limitExceeded` for a sum that does not fit its type, what reading a segment
  ///   throws, and `CancellationError`.
  public static func run(
    _ query: Query, over segments: [any ScanSource], schema: Schema,
    isCancelled: () -> Bool = { false }
  ) throws -> QueryResult {
    let plan = try QueryPlan(query, schema: schema)
    var work = ScanWork()
    let rows: [[Value]]
    switch plan.output {
    case .rows(let columns, let width):
      rows = try collect(columns, width, plan, segments, &work, isCancelled)
    case .groups(let keys, let aggregates):
      rows = try aggregate(keys, aggregates, plan, segments, &work, isCancelled)
    }
    return QueryResult(columns: plan.resultColumns, rows: rows, work: work)
  }

  private static func collect(
    _ columns: [Int], _ width: Int, _ plan: QueryPlan, _ segments: [any ScanSource],
    _ work: inout ScanWork, _ isCancelled: () -> Bool
  ) throws -> [[Value]] {
    var collector = RowCollector(
      columns: columns, schema: plan.schema, order: plan.order, limit: plan.limit)
    if collector.isComplete { return [] }
    try forEachPage(plan, segments, columns, &work, isCancelled) { page in
      try collector.add(
        rowCount: page.rowCount, selection: page.selection, column: page.column)
      return !collector.isComplete
    }
    return collector.result(width: width)
  }

  private static func aggregate(
    _ keys: [Int], _ aggregates: [BoundAggregate], _ plan: QueryPlan,
    _ segments: [any ScanSource], _ work: inout ScanWork, _ isCancelled: () -> Bool
  ) throws -> [[Value]] {
    let aggregation = Aggregation(schema: plan.schema, groupBy: keys, aggregates: aggregates)
    try forEachPage(plan, segments, aggregation.columns, &work, isCancelled) { page in
      try aggregation.add(
        rowCount: page.rowCount, selection: page.selection, column: page.column)
      return true
    }
    return plan.order.sorted(try aggregation.rows(), limit: plan.limit)
  }

  private static func forEachPage(
    _ plan: QueryPlan, _ segments: [any ScanSource], _ columns: [Int], _ work: inout ScanWork,
    _ isCancelled: () -> Bool, body: (SegmentScan.Page) throws -> Bool
  ) throws {
    let needed = columns + (plan.filter?.columns ?? [])
    var evaluator = plan.filter.map(PredicateEvaluator.init)
    for segment in segments {
      let scan = try SegmentScan(segment, schema: plan.schema, columns: needed)
      let shouldContinue = try scan.forEachPage(
        selectedBy: &evaluator, work: &work, isCancelled: isCancelled, body: body)
      if !shouldContinue { return }
    }
  }
}
