import QueryEngine
import ScanKernels
import StorageBase

/// The questions the readers ask, in the terms of a schema: what one key has, what a stretch of
/// time adds up to, and what is on top.
///
/// The order-event workload names its columns; for other input they are chosen by type, so that
/// every table gets the same three kinds of question.
struct Dashboard: Sendable {
  /// What `operations.csv` calls them.
  let kinds = ["count_by_status", "revenue_by_city", "top_products"]

  private let schema: Schema
  /// The column one question is about: the first of the sort key.
  private let key: Int
  private let status: Int?
  private let city: Int?
  private let product: Int?
  private let amount: Int?
  private let time: Int?
  /// How far back a question about time looks, in the time column's unit.
  private let timeSpan: Int128

  init(schema: Schema) {
    self.schema = schema
    key = 0
    let columns = schema.columns
    func first(_ names: String..., where isSuitable: (Column) -> Bool) -> Int? {
      names.lazy.compactMap { schema.index(of: $0) }.first
        ?? columns.indices.first { $0 > 0 && isSuitable(columns[$0]) }
    }
    let isText: (Column) -> Bool = { $0.type == .string }
    status = first("status", where: isText)
    city = first("city", where: isText)
    product = first("product_id") { $0.type == .int32 || $0.type == .int64 }
    amount = first("amount") {
      if case .decimal = $0.type { true } else { $0.type == .double }
    }
    let time = first("order_time") { $0.type == .datetime || $0.type == .date }
    self.time = time
    timeSpan = time.map { columns[$0].type == .date ? 30 : 10_000_000 } ?? 0
  }

  /// Question `kind` about the values of a row that was loaded some time ago.
  func query(_ kind: Int, about row: [Value]) -> Query {
    switch kind {
    case 0:
      return Query.grouping(by: names(status))
        .computing(.countAll, as: "orders")
        .filtered(by: Field(name(key)) == .stored(row[key]))
    case 1:
      return filteredByTime(
        Query.grouping(by: names(city)).computing(measure, as: "revenue"), before: row)
    default:
      return filteredByTime(
        Query.grouping(by: names(product)).computing(measure, as: "revenue"), before: row
      )
      .ordered(by: "revenue", .descending).limited(to: 10)
    }
  }

  private func name(_ column: Int) -> String { schema.columns[column].name }
  private func names(_ column: Int?) -> [String] { column.map { [name($0)] } ?? [] }
  private var measure: Aggregate { amount.map { .sum(name($0)) } ?? .countAll }

  private func filteredByTime(_ query: Query, before row: [Value]) -> Query {
    guard let time, case .integer(let end) = row[time] else { return query }
    return query.filtered(
      by: Field(name(time)).isBetween(
        .stored(.integer(end - timeSpan)), .stored(.integer(end))))
  }
}
