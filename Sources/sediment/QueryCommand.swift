import ArgumentParser
import Glibc
import QueryEngine
import ScanKernels
import StorageBase
import StorageIO
import TabletEngine

struct QueryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "query",
    abstract: "Answers a SELECT statement, or counts, sums and groups the rows of a table.",
    discussion: """
      A statement reads one table: SELECT … FROM … WHERE … GROUP BY … HAVING … ORDER BY … LIMIT ….
      Without one, the options say what to compute; without aggregates rows are shown.

      FROM orders FOR VERSION AS OF 17 reads the table as it was after commit 17 of the store, FOR
      TIME AS OF '2026-11-27 01:02:03' as it was then (UTC), as long as that state is kept:
      sediment inspect shows which ones are.

      EXAMPLES
        sediment query DIR "select city, sum(amount) from orders group by city order by 2 desc"
        sediment query DIR "select count(distinct user_id) from orders" --explain
        sediment query DIR "select count(*) from orders for version as of 17"
        sediment query DIR --table orders --count --sum amount
        sediment query DIR --table orders --group-by city --sum amount --order-by -sum_amount
        sediment query DIR --table orders --where user_id=42 --limit 20
        sediment query DIR --table orders --count --csv
        sediment query DIR --table log --count --where "message MATCH_PHRASE disk full" --explain
        sediment query DIR --table log --where "message NOT LIKE %debug%" --limit 20
      """)

  @OptionGroup var store: StoreArgument

  @Argument(help: "A SELECT statement; in place of the options that say what to compute.")
  var statement: String?

  @Flag(help: "Prints the plan of a statement before, and what was read after the result.")
  var explain = false

  @Option(help: "Threads that work on the query.")
  var threads = 1

  @Option(help: "The table; may be left out when the store has one only.")
  var table: String?

  @Option(help: "Column to group by; may be repeated.")
  var groupBy: [String] = []

  @Flag(help: "Counts the rows of each group.")
  var count = false

  @Option(help: "Column to sum, as sum_COLUMN; may be repeated.")
  var sum: [String] = []

  @Option(help: "Column whose smallest value to find, as min_COLUMN; may be repeated.")
  var min: [String] = []

  @Option(help: "Column whose greatest value to find, as max_COLUMN; may be repeated.")
  var max: [String] = []

  @Option(
    name: .customLong("where"),
    help: """
      COLUMN=VALUE, or with !=, <, <=, >, >= for =; or "COLUMN LIKE PATTERN", or with MATCH_ANY, \
      MATCH_ALL, MATCH_PHRASE or MATCH_PHRASE_PREFIX and a text for it, or NOT before either. \
      Repeated conditions all hold.
      """)
  var conditions: [String] = []

  @Option(help: "Result column to sort by; with a leading - the greatest comes first.")
  var orderBy: [String] = []

  @Option(help: "The most rows to show.")
  var limit: Int?

  @Flag(help: "Looks at rows and zone maps only, not at indexes and filters.")
  var noIndexes = false

  @Flag(help: "Prints CSV instead of a table.")
  var csv = false

  func run() throws {
    let opened = store.open()
    do {
      if let statement {
        try answer(statement, opened)
      } else {
        let snapshot = try chooseTable(opened)
        let query = try query(snapshot.definition.schema)
        let found = try withThreads {
          try query.run(on: snapshot, parallelism: $0, indexes: noIndexes ? .never : nil)
        }
        show(found.result)
        if explain { print(found.result.work.report, terminator: "") }
      }
    } catch let error as SQLError {
      fail(error, code: 64)
    } catch let error as StorageError {
      fail(error, code: 66)
    }
  }

  private func answer(_ text: String, _ store: Store) throws {
    let statement = try SQLStatement(text)
    let snapshot =
      try statement.moment.map { try store.snapshot(of: statement.tableName, asOf: $0) }
      ?? store.snapshot(of: statement.tableName)
    let query = try statement.bound(to: snapshot.definition.schema)
    if explain { print(query.plan) }
    let found = try withThreads {
      try query.run(on: snapshot, parallelism: $0, indexes: noIndexes ? .never : nil)
    }
    show(found.result)
    guard explain else { return }
    print("tablets  \(found.componentCounts.count) of \(snapshot.tablets.count)")
    print(found.result.work.report, terminator: "")
    if found.result.distinctByteCount > 0 {
      print("memory   \(found.result.distinctByteCount) bytes for distinct values")
    }
  }

  private func show(_ result: QueryResult) {
    print(csv ? result.csv : "\(ResultTable(result))", terminator: csv ? "" : "\n")
  }

  /// The calling thread counts as one.
  private func withThreads<T>(_ body: (Parallelism) throws -> T) throws -> T {
    if threads == 1 { return try body(.none) }
    let pool = try WorkerPool(name: "query", threadCount: threads - 1)
    defer { pool.shutdown() }
    return try body(Parallelism(threadCount: threads, executor: pool))
  }

  private func chooseTable(_ store: Store) throws -> TableSnapshot {
    if let table { return try store.snapshot(of: table) }
    let tables = store.snapshot()
    guard tables.count == 1, let only = tables.first else {
      throw StorageError.invalidArgument(
        name: "--table", value: "(not given)",
        reason: "the store has \(tables.count) tables: "
          + tables.map(\.definition.name).joined(separator: ", "))
    }
    return only
  }

  private func query(_ schema: Schema) throws -> Query {
    var query: Query
    let hasAggregates = count || !sum.isEmpty || !min.isEmpty || !max.isEmpty
    if hasAggregates || !groupBy.isEmpty {
      query = Query.grouping(by: groupBy)
      if count || !hasAggregates { query = query.computing(.countAll, as: "count") }
      for column in sum { query = query.computing(.sum(column), as: "sum_\(column)") }
      for column in min { query = query.computing(.min(column), as: "min_\(column)") }
      for column in max { query = query.computing(.max(column), as: "max_\(column)") }
    } else {
      query = .selectingAll()
    }
    for condition in conditions { query = query.filtered(by: try parse(condition, schema)) }
    for name in orderBy {
      query =
        name.hasPrefix("-")
        ? query.ordered(by: String(name.dropFirst()), .descending) : query.ordered(by: name)
    }
    return limit.map { query.limited(to: $0) } ?? query
  }

  private func parse(_ condition: String, _ schema: Schema) throws -> Predicate {
    if let textual = try TextCondition(condition, schema)?.predicate { return textual }
    let operators: [(String, Comparison)] = [
      ("!=", .notEqual), ("<=", .lessOrEqual), (">=", .greaterOrEqual), ("=", .equal),
      ("<", .less), (">", .greater),
    ]
    let found = operators.compactMap { text, comparison in
      condition.firstRange(of: text).map { (range: $0, comparison: comparison) }
    }
    // The leftmost operator counts; of two at one place the longer, which is listed first.
    guard let first = found.min(by: { $0.range.lowerBound < $1.range.lowerBound }) else {
      throw StorageError.invalidArgument(
        name: "--where", value: condition, reason: "write COLUMN=VALUE")
    }
    let column = String(condition[..<first.range.lowerBound])
    let value = String(condition[first.range.upperBound...])
    let type = schema.columns[try schema.requireIndex(of: column)].type
    return .compare(column, first.comparison, literal(value, for: type))
  }

  /// The text as the constant it looks like; binding it to the column checks that it fits.
  private func literal(_ text: String, for type: DataType) -> Literal {
    switch type {
    case .string, .date, .datetime: return .string(text)
    case .bool where text == "true" || text == "false": return .boolean(text == "true")
    default: break
    }
    if let integer = Int128(text) { return .integer(integer) }
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    if parts.count == 2, parts[1].count <= 38, parts[1].allSatisfy(\.isNumber),
      let unscaled = Int128(parts[0] + parts[1])
    {
      return .decimal(unscaled: unscaled, scale: parts[1].count)
    }
    return Double(text).map { .floating($0) } ?? .string(text)
  }

  func validate() throws {
    guard (1...256).contains(threads) else {
      throw ValidationError("--threads is \(threads); it must be 1 to 256")
    }
    let hasOptions =
      table != nil || !groupBy.isEmpty || count || limit != nil || !orderBy.isEmpty
      || [sum, min, max, conditions].contains { !$0.isEmpty }
    if statement != nil && hasOptions {
      throw ValidationError("a statement says all by itself: leave out the options beside it")
    }
    if let limit, limit < 0 { throw ValidationError("--limit is \(limit); it must be 0 or more") }
  }
}
