import InvertedIndex
import ScanKernels
import StorageBase
import TabletEngine

/// The answer to a query on a table, and what it had to look at.
public struct TableQueryResult: Sendable {
  public let result: QueryResult
  /// Per tablet that could hold an answer, how many rowsets its read path has: the read
  /// amplification of the query.
  public let componentCounts: [Int]
  /// The tablets of which all rowsets were looked at; none if rows were found by key.
  public let scannedTablets: [TabletID]
}

extension Query {
  /// Runs on a snapshot of a table. Tablets whose hash bucket the filter rules out are not read;
  /// where it leaves at most 1024 keys of a unique-key table that merges on write, their rows are
  /// looked up and nothing is scanned.
  ///
  /// - Parameters:
  ///   - parallelism: as of `QueryExecutor.run`.
  ///   - indexes: whether short keys, Bloom filters, inverted indexes and key indexes may be asked;
  ///     unless told, where that is cheaper, with the cache of the store.
  ///   - memory: asked for what the query holds.
  /// - Throws: what `QueryExecutor.run` throws; a damaged segment fails only queries that need it.
  public func run(
    on table: TableSnapshot, parallelism: Parallelism = .none, indexes: IndexUse? = nil,
    memory: QueryMemory = .unlimited, isCancelled: () -> Bool = { false }
  ) throws -> TableQueryResult {
    let definition = table.definition
    let filter = try filter?.bound(
      to: DerivedColumns(derived, table: definition.schema, analyzers: definition.analyzers).schema,
      table: definition.name, analyzers: definition.analyzers)
    let tablets = Self.relevantTablets(of: table, filter)
    if indexes?.mode != .never, let filter, let keyed = KeyedRows(filter, definition) {
      return TableQueryResult(
        result: try run(on: table, keyed, parallelism, memory, isCancelled),
        componentCounts: tablets.map(\.state.componentCount), scannedTablets: [])
    }
    let segments = try tablets.flatMap { try $0.liveSegments() }
    let result = try QueryExecutor.run(
      self, over: segments.map { try $0.source(definition.schema) }, schema: definition.schema,
      parallelism: parallelism, analyzers: definition.analyzers,
      indexes: indexes ?? .whereCheaper(cache: segments.first?.segment.indexCache),
      memory: memory, isCancelled: isCancelled)
    return TableQueryResult(
      result: result, componentCounts: tablets.map(\.state.componentCount),
      scannedTablets: tablets.map(\.id))
  }

  /// Looks at the rows of keys only.
  private func run(
    on table: TableSnapshot, _ keyed: KeyedRows, _ parallelism: Parallelism,
    _ memory: QueryMemory, _ isCancelled: () -> Bool
  ) throws -> QueryResult {
    let rows = try table.find(keyed.keys)
    let source = FoundRowsSource(rows: rows, schema: table.definition.schema)
    let found = try QueryExecutor.run(
      self, over: rows.count == 0 ? [] : [source], schema: table.definition.schema,
      parallelism: parallelism, analyzers: table.definition.analyzers, indexes: .never,
      memory: memory, isCancelled: isCancelled)
    var work = found.work
    work.keysLookedUp = keyed.count
    work.rowsLookedUp = rows.count
    return QueryResult(
      columns: found.columns, rows: found.rows, work: work,
      distinctByteCount: found.distinctByteCount)
  }

  /// The tablets that rows matching the filter can be in: all, unless the filter gives values for
  /// every distribution column.
  static func relevantTablets(
    of table: TableSnapshot, _ filter: BoundPredicate?
  ) -> [TabletSnapshot] {
    let definition = table.definition
    guard definition.bucketCount > 1, let bound = filter else { return table.tablets }
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
