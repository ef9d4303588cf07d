import ScanKernels
import StorageBase
import TabletEngine

/// The answer to a query on a table, and what it had to look at.
public struct TableQueryResult: Sendable {
  public let result: QueryResult
  /// Per tablet that could hold an answer, how many rowsets its read path has: the read
  /// amplification of the query.
  public let componentCounts: [Int]
}

extension Query {
  /// Runs on a snapshot of a table. Tablets whose hash bucket the filter rules out are not read.
  ///
  /// - Parameter parallelism: as of `QueryExecutor.run`.
  /// - Throws: what `QueryExecutor.run` throws; a damaged segment fails only queries that need it.
  public func run(
    on table: TableSnapshot, parallelism: Parallelism = .none,
    isCancelled: () -> Bool = { false }
  ) throws -> TableQueryResult {
    let schema = table.definition.schema
    let tablets = try relevantTablets(of: table)
    let segments = try tablets.flatMap(\.segments).map { try $0.reader() }
    let result = try QueryExecutor.run(
      self, over: segments, schema: schema, parallelism: parallelism, isCancelled: isCancelled)
    return TableQueryResult(
      result: result, componentCounts: tablets.map(\.state.componentCount))
  }

  /// The tablets that rows matching the filter can be in: all, unless the filter gives values for
  /// every distribution column.
  private func relevantTablets(of table: TableSnapshot) throws -> [TabletSnapshot] {
    let definition = table.definition
    guard definition.bucketCount > 1,
      let bound = try filter?.bound(
        to: DerivedColumns(derived, table: definition.schema).schema, table: definition.name)
    else { return table.tablets }
    var combinations: [[Value]] = [[]]
    for column in definition.distribution {
      guard let values = bound.equalityValues(ofColumn: column),
        values.count * combinations.count <= definition.bucketCount
      else { return table.tablets }
      combinations = combinations.flatMap { prefix in values.map { prefix + [$0] } }
    }
    let buckets = Set(combinations.map { definition.bucket(of: $0) })
    return buckets.sorted().map { table.tablets[$0] }
  }
}
