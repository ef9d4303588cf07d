import QueryEngine
import ScanKernels
import StorageBase
import TabletEngine

/// Asks the questions of clients, each about other values. Immutable and thread-safe.
struct ShopQuestions: Sendable {
  let orders: ShopOrders
  let spanRows: Int

  /// What a query had to look at.
  struct Outcome {
    var rowCount = 0
    var componentCounts: [Int] = []
    var scannedTablets: [TabletID] = []
  }

  /// - Parameters:
  ///   - orderCount: the orders there are about.
  ///   - user: whom the client asks about.
  /// - Throws: what the query throws.
  func ask(
    _ kind: QuestionKind, user: Int64, orderCount: Int, _ orderTable: TableSnapshot,
    _ productTable: TableSnapshot, random: inout SeededGenerator,
    memory: QueryMemory, isCancelled: () -> Bool
  ) throws -> Outcome {
    switch kind {
    case .pointLookup:
      let order = 1 + Int64(random.next() % UInt64(max(1, orderCount)))
      let row = try orderTable.row(forKey: [.integer(Int128(order))])
      return Outcome(rowCount: row.map { $0.values.isEmpty ? 0 : 1 } ?? 0)
    case .dimensionLookup:
      let product = orders.product(random.next())
      let row = try productTable.row(forKey: [.integer(Int128(product))])
      return Outcome(rowCount: row.map { $0.values.isEmpty ? 0 : 1 } ?? 0)
    default:
      let query = query(kind, user: user, orderCount: orderCount, random: &random)
      let found = try query.run(on: orderTable, memory: memory, isCancelled: isCancelled)
      return Outcome(
        rowCount: found.result.rows.count, componentCounts: found.componentCounts,
        scannedTablets: found.scannedTablets)
    }
  }

  func query(
    _ kind: QuestionKind, user: Int64, orderCount: Int, random: inout SeededGenerator
  ) -> Query {
    switch kind {
    case .countByStatus:
      return Query.grouping(by: "status").computing(.countAll, as: "orders")
        .filtered(by: Field("user_id") == .integer(Int128(user)))
    case .revenueByCity:
      return Query.grouping(by: "city").computing(.sum("amount"), as: "revenue")
        .filtered(by: recent(orderCount, &random))
    case .topProducts:
      return Query.grouping(by: "product_id").computing(.sum("amount"), as: "revenue")
        .filtered(by: recent(orderCount, &random)).ordered(by: "revenue", .descending)
        .limited(to: 10)
    case .distinctUsers:
      return Query.computing(.countDistinct("user_id"), as: "users")
        .filtered(by: recent(orderCount, &random))
    case .textMatch:
      return Query.computing(.countAll, as: "orders")
        .filtered(by: Field("note").matches(.any, orders.word(random.next())))
    case .fullScan:
      return Query.grouping(by: "city", "status").computing(.sum("amount"), as: "revenue")
        .computing(.countDistinct("user_id"), as: "users")
    case .pointLookup, .dimensionLookup: preconditionFailure("rows by key need no plan")
    }
  }

  /// A stretch of time that ends somewhere in the younger half of the orders.
  private func recent(_ orderCount: Int, _ random: inout SeededGenerator) -> Predicate {
    let half = UInt64(max(1, orderCount / 2))
    let last = Int64(orderCount) - Int64(random.next() % half)
    let end = ShopOrders.time(ofOrder: last)
    let start = end - Int64(spanRows) * ShopOrders.orderInterval
    return Field("order_time").isBetween(
      .stored(.integer(Int128(start))), .stored(.integer(Int128(end))))
  }
}
