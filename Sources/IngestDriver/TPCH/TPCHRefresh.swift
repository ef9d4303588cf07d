import ScanKernels
import StorageBase

/// The refresh functions of TPC-H as one stream: sets of 1 500 orders for each unit of scale are
/// inserted with their items (RF1), and of as many orders that are the oldest, rows and all, the
/// deletion is told (RF2), once there are `keptSetCount` sets. Immutable and thread-safe.
///
/// A row is of one of the two tables: `table_name` says of which, `op` whether it is there
/// (`insert`) or gone (`delete`); the columns of the other table are null, and those of a deletion
/// but its key. An order comes before its items. A writer has the same orders for good, so it
/// deletes what it has inserted.
public struct TPCHRefresh: BatchSourceFactory {
  public struct Parameters: Hashable, Sendable {
    public var seed: UInt64 = 1
    /// Of the benchmark, 0.001 to 1000.
    public var scale = 1.0
    /// Sets that are there before their deletion begins, at least 1.
    public var keptSetCount = 4

    public init() {}
  }

  public let schema: Schema
  let parameters: Parameters
  let ordersPerSet: Int

  /// - Throws: `StorageError.invalidArgument` for parameters out of range.
  public init(_ parameters: Parameters = Parameters()) throws {
    guard (0.001...1000).contains(parameters.scale), parameters.keptSetCount >= 1 else {
      throw StorageError.invalidArgument(
        name: "TPC-H refresh", value: "\(parameters)",
        reason: "the scale is 0.001 to 1000, and at least one set is kept")
    }
    self.parameters = parameters
    ordersPerSet = max(1, Int((1500 * parameters.scale).rounded()))
    schema = try Self.makeSchema()
  }

  public func makeSource(writer: Int, writerCount: Int) throws -> any BatchSource {
    TPCHRefreshSource(self, writer: writer, writerCount: writerCount)
  }

  public static let orders = "orders"
  public static let items = "lineitem"

  private static func makeSchema() throws -> Schema {
    let money = DataType.decimal(precision: 15, scale: 2)
    return try Schema(
      [
        ("table_name", .string, false), ("op", .string, false),
        ("o_orderkey", .int64, true), ("o_custkey", .int64, true), ("o_orderstatus", .string, true),
        ("o_totalprice", money, true), ("o_orderdate", .date, true),
        ("o_orderpriority", .string, true), ("o_clerk", .string, true),
        ("o_shippriority", .int32, true), ("o_comment", .string, true),
        ("l_orderkey", .int64, true), ("l_partkey", .int64, true), ("l_suppkey", .int64, true),
        ("l_linenumber", .int32, true), ("l_quantity", money, true),
        ("l_extendedprice", money, true), ("l_discount", money, true), ("l_tax", money, true),
        ("l_returnflag", .string, true), ("l_linestatus", .string, true),
        ("l_shipdate", .date, true), ("l_commitdate", .date, true), ("l_receiptdate", .date, true),
        ("l_shipinstruct", .string, true), ("l_shipmode", .string, true),
      ], sortKeyCount: 1)
  }

  /// What happens to an order.
  struct Turn {
    var order: Int
    var isDeletion: Bool
  }

  /// What happens in which order: all insertions of a set, then its deletions.
  func turn(_ number: Int) -> Turn {
    let first = parameters.keptSetCount * ordersPerSet
    guard number >= first else { return Turn(order: number, isDeletion: false) }
    let (set, place) = (number - first).quotientAndRemainder(dividingBy: 2 * ordersPerSet)
    if place < ordersPerSet {
      return Turn(order: first + set * ordersPerSet + place, isDeletion: false)
    }
    return Turn(order: set * ordersPerSet + place - ordersPerSet, isDeletion: true)
  }
}

/// The rows of one writer: every so many orders are its own. Not thread-safe.
private final class TPCHRefreshSource: BatchSource {
  private let refresh: TPCHRefresh
  private let writer: Int
  private let writerCount: Int
  private var next = 0
  /// What is left of the order at hand, from this item on; 0 is the order itself.
  private var current: (order: TPCHOrder, isDeletion: Bool, item: Int)?

  init(_ refresh: TPCHRefresh, writer: Int, writerCount: Int) {
    self.refresh = refresh
    self.writer = writer
    self.writerCount = writerCount
  }

  var schema: Schema { refresh.schema }

  func nextBatch(maxRows: Int) -> ColumnBatch? {
    let row = TPCHRowBuilder(schema, capacity: maxRows)
    for _ in 0..<maxRows {
      var (order, isDeletion, item) = current ?? begin()
      if item == 0 {
        row.append(order, isDeletion: isDeletion)
      } else {
        row.append(item: item, of: order, isDeletion: isDeletion)
      }
      item += 1
      current = item <= order.items.count ? (order, isDeletion, item) : nil
    }
    return row.finish(rowCount: maxRows)
  }

  private func begin() -> (TPCHOrder, Bool, Int) {
    while true {
      let turn = refresh.turn(next)
      next += 1
      guard turn.order % writerCount == writer else { continue }
      let order = TPCHOrder(
        turn.order, seed: refresh.parameters.seed, scale: refresh.parameters.scale)
      return (order, turn.isDeletion, 0)
    }
  }
}

/// Puts orders and items into columns of both. Not thread-safe.
private struct TPCHRowBuilder {
  private static let orderColumns = 2..<11
  private static let itemColumns = 11..<26

  private let schema: Schema
  private let builders: [ColumnBuilder]

  init(_ schema: Schema, capacity: Int) {
    self.schema = schema
    builders = schema.columns.map { ColumnBuilder(type: $0.type, capacity: capacity) }
  }

  private func begin(_ table: String, isDeletion: Bool) {
    builders[0].append(string: table)
    builders[1].append(string: isDeletion ? "delete" : "insert")
  }

  private func appendNulls(_ columns: Range<Int>) {
    for column in columns { builders[column].appendNull() }
  }

  func append(_ order: TPCHOrder, isDeletion: Bool) {
    begin(TPCHRefresh.orders, isDeletion: isDeletion)
    builders[2].append(integer: order.key)
    if isDeletion {
      appendNulls(Self.orderColumns.dropFirst())
    } else {
      builders[3].append(integer: order.customer)
      builders[4].append(string: order.status)
      builders[5].append(integer: order.totalPrice)
      builders[6].append(integer: Int64(order.date))
      builders[7].append(string: order.priority)
      builders[8].append(string: order.clerk)
      builders[9].append(integer: 0)
      builders[10].append(string: order.comment)
    }
    appendNulls(Self.itemColumns)
  }

  /// - Parameter item: its number, from 1.
  func append(item number: Int, of order: TPCHOrder, isDeletion: Bool) {
    let item = order.items[number - 1]
    begin(TPCHRefresh.items, isDeletion: isDeletion)
    appendNulls(Self.orderColumns)
    builders[11].append(integer: order.key)
    if isDeletion {
      appendNulls(12..<14)
    } else {
      builders[12].append(integer: item.part)
      builders[13].append(integer: item.supplier)
    }
    builders[14].append(integer: Int64(number))
    guard !isDeletion else { return appendNulls(15..<26) }
    builders[15].append(integer: item.quantity * 100)
    builders[16].append(integer: item.extendedPrice)
    builders[17].append(integer: item.discount)
    builders[18].append(integer: item.tax)
    builders[19].append(string: item.returnFlag)
    builders[20].append(string: item.lineStatus)
    builders[21].append(integer: Int64(item.shipDate))
    builders[22].append(integer: Int64(item.commitDate))
    builders[23].append(integer: Int64(item.receiptDate))
    builders[24].append(string: item.instruction)
    builders[25].append(string: item.mode)
  }

  func finish(rowCount: Int) -> ColumnBatch {
    ColumnBatch(
      schema: schema, rowCount: rowCount, columns: builders.map { $0.finish() })
  }
}
