import QueryEngine
import ScanKernels
import StorageBase
import TabletEngine

/// Compares what the table holds with what was acknowledged: the number of orders, and the exact
/// sums of their numbers, users and amounts, every row included, the newest of each order only.
struct ClientContentCheck {
  let isEqual: Bool
  let text: String

  /// - Throws: what the query throws.
  init(_ clients: [WritingClient], _ orders: ShopOrders, _ table: TableSnapshot) throws {
    var (count, numbers, users, amounts) = (Int128(0), Int128(0), Int128(0), Int128(0))
    for client in clients {
      for (ordinal, revision) in client.revisions.enumerated() {
        let order = client.order(ordinal)
        count += 1
        numbers += Int128(order)
        users += Int128(orders.user(ofOrder: order))
        amounts += Int128(orders.amount(ofOrder: order, revision: revision))
      }
    }
    let query = Query.computing(.countAll, as: "orders").computing(.sum("order_id"), as: "numbers")
      .computing(.sum("user_id"), as: "users").computing(.sum("amount"), as: "amounts")
    let found = try query.run(on: table).result.rows.first ?? []
    let names = ["orders", "sum of order_id", "sum of user_id", "sum of amount"]
    var differences: [String] = []
    for (position, expected) in [count, numbers, users, amounts].enumerated() {
      let value = position < found.count ? found[position] : .null
      // A sum over no rows is null.
      if value != .integer(expected), !(expected == 0 && value.isNull) {
        differences.append("\(names[position]): acknowledged \(expected), found \(value)")
      }
    }
    isEqual = differences.isEmpty
    text =
      isEqual
      ? "check: \(count) orders acknowledged and found, sums of order_id, user_id, amount equal"
      : "CHECK FAILED: " + differences.joined(separator: "; ")
  }
}
