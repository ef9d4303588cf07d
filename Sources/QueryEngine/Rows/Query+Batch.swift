import ScanKernels
import StorageBase
import TabletEngine

extension Query {
  /// The selected rows of a snapshot as columns, in the order of the segments: for whoever goes on
  /// with them rather than shows them.
  /// - Precondition: the query selects rows, and neither orders nor limits them.
  /// - Throws: as `run`.
  func batch(of table: TableSnapshot) throws -> ColumnBatch {
    let analyzers = table.definition.analyzers
    let schema = table.definition.schema
    let derived = try DerivedColumns(derived, table: schema, analyzers: analyzers)
    let plan = try QueryPlan(self, schema: derived.schema, analyzers: analyzers)
    guard case .rows(let columns, let width) = plan.output, width == columns.count, limit == nil
    else { preconditionFailure("a query for rows in any order") }
    let segments = try Self.relevantTablets(of: table, plan.filter)
      .flatMap { try $0.liveSegments() }
    let sources = try segments.map {
      try derived.source(over: $0.source(schema).fitted(to: schema))
    }
    var work = ScanWork()
    let morsels = try ScanMorsels(
      plan, sources, columns: columns,
      indexes: .whereCheaper(cache: segments.first?.segment.indexCache), work: &work)
    let builders = columns.map { ColumnBuilder(type: plan.schema.columns[$0].type) }
    var evaluator = plan.filter.map(PredicateEvaluator.init)
    for morsel in morsels.all {
      _ = try morsel.scan.forEachPage(
        in: morsel.pages, isWhole: morsel.isWhole, selectedBy: &evaluator, work: &work,
        isCancelled: { false },
        body: { page in
          let rows = page.selection?.rowIDs()
          for (column, builder) in zip(columns, builders) {
            let vector = try rows.map { try page.column(column, rows: $0) } ?? page.column(column)
            builder.append(vector.widened(), rows: 0..<vector.count)
          }
          return true
        })
    }
    let own = try Schema(columns: columns.map { plan.schema.columns[$0] }, sortKeyCount: 1)
    return ColumnBatch(
      schema: own, rowCount: builders[0].count, columns: builders.map { $0.finish() })
  }
}
