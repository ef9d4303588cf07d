import ScanKernels
import StorageBase

/// Runs queries over the segments of one snapshot. Stateless and thread-safe.
///
/// Work goes down in this order, each step on what the one before left: segment zone maps, short
/// keys, Bloom filters, inverted indexes, page zone maps, the filter's columns on encoded data, and
/// last the other columns of pages with selected rows.
public enum QueryExecutor {
  /// The answer, in an order that depends on nothing but the query and the data: as asked, with
  /// ties and all else by group key or, for selected rows, as in `segments`.
  ///
  /// - Parameter schema: resolves the names of the query; a segment's columns are matched with it
  ///   by id; one that a segment lacks has its default there, or null, and one that it holds as a
  ///   narrower type is widened.
  /// - Parameter parallelism: for queries that group or aggregate; others run on the calling
  ///   thread. Sums of floating-point numbers are rounded differently for each number of threads.
  /// - Parameter analyzers: how the columns that MATCH is asked of are cut into words.
  /// - Parameter indexes: whether short keys, Bloom filters and inverted indexes may be asked.
  /// - Parameter memory: asked after each page for what has been added.
  /// - Parameter isCancelled: asked on the calling thread, once for each page it looks at.
  /// - Throws: `StorageError.unknownName`, `.schemaMismatch` and `.alreadyExists` for a query that
  ///   does not fit, `.limitExceeded` for a sum that does not fit its type, what reading a segment
  ///   throws, what `memory` throws, and `CancellationError`.
  public static func run(
    _ query: Query, over segments: [any ScanSource], schema: Schema,
    parallelism: Parallelism = .none, analyzers: TextAnalyzers = .standard,
    indexes: IndexUse = .whereCheaper(), memory: QueryMemory = .unlimited,
    isCancelled: () -> Bool = { false }
  ) throws -> QueryResult {
    let derived = try DerivedColumns(query.derived, table: schema, analyzers: analyzers)
    let plan = try QueryPlan(query, schema: derived.schema, analyzers: analyzers)
    let segments = try segments.map { try derived.source(over: $0.fitted(to: schema)) }
    var work = ScanWork()
    let rows: [[Value]]
    var distinctByteCount = 0
    switch plan.output {
    case .rows(let columns, let width):
      rows = try collect(columns, width, plan, segments, indexes, memory, &work, isCancelled)
    case .groups(let keys, let aggregates):
      let columns = Set(keys + aggregates.flatMap(\.columns)).sorted()
      let morsels = try ScanMorsels(
        plan, segments, columns: columns, indexes: indexes, work: &work)
      let run = ParallelAggregation(
        schema: plan.schema, keys: keys, aggregates: aggregates, morsels: morsels,
        threadCount: parallelism.threadCount, memory: memory)
      let total = try run.run(parallelism, work: &work, isCancelled: isCancelled)
      let having = plan.having.map { HavingFilter(predicate: $0, columns: plan.resultColumns) }
      rows = try GroupOrder(terms: plan.order.terms, limit: plan.limit, having: having)
        .rows(of: total)
      distinctByteCount = total.distinctByteCount
    }
    return QueryResult(
      columns: plan.resultColumns, rows: rows, work: work, distinctByteCount: distinctByteCount)
  }

  private static func collect(
    _ columns: [Int], _ width: Int, _ plan: QueryPlan, _ segments: [any ScanSource],
    _ indexes: IndexUse, _ memory: QueryMemory, _ work: inout ScanWork,
    _ isCancelled: () -> Bool
  ) throws -> [[Value]] {
    var collector = RowCollector(
      columns: columns, schema: plan.schema, order: plan.order, limit: plan.limit)
    let morsels = try ScanMorsels(
      plan, segments, columns: columns, indexes: indexes, work: &work)
    var evaluator = plan.filter.map(PredicateEvaluator.init)
    var account = QueryMemory.Account(memory)
    for morsel in morsels.all where !collector.isComplete {
      _ = try morsel.scan.forEachPage(
        in: morsel.pages, isWhole: morsel.isWhole, selectedBy: &evaluator, work: &work,
        isCancelled: isCancelled, needed: { collector.needed },
        body: { page in
          try collector.add(
            rowCount: page.rowCount, selection: page.selection,
            gathered: page.column(_:rows:), column: page.column(_:))
          try account.grow(to: collector.byteCount)
          return !collector.isComplete
        })
    }
    return collector.result(width: width)
  }
}
