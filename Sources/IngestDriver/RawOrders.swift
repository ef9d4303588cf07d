import ScanKernels
import StorageBase

/// Orders as they come from somebody else's system: texts in odd forms, telephone numbers in
/// plain view, and some rows that are wrong. A row depends on its number alone, so any is made
/// without those before it. Immutable and thread-safe.
public struct RawOrders: BatchSourceFactory {
  public struct Parameters: Hashable, Sendable {
    public var seed: UInt64 = 1
    /// Of a second of event time, of all writers together.
    public var eventsPerSecond = 20_000.0
    /// The first event.
    public var start = Timestamp(rawValue: 1_767_225_600_000_000)

    public init() {}
  }

  /// Users and products that orders are of, numbered from 1; a few products are unknown to the
  /// dimension.
  public static let userCount = 10_000
  public static let productCount = 500
  /// Event times come out of order by less than this many microseconds.
  public static let jitter: Int64 = 2_000_000

  public let schema: Schema
  let parameters: Parameters

  /// - Throws: `StorageError.invalidArgument` for a rate out of range.
  public init(_ parameters: Parameters = Parameters()) throws {
    guard (1e-3...1e9).contains(parameters.eventsPerSecond) else {
      throw StorageError.invalidArgument(
        name: "events per second", value: "\(parameters.eventsPerSecond)",
        reason: "not in 0.001...1e9")
    }
    self.parameters = parameters
    schema = try Schema(
      [
        ("order_id", .int64, false), ("user_id", .int64, false), ("product_id", .int32, false),
        ("quantity", .int32, false), ("status", .string, true), ("phone", .string, false),
        ("created", .string, false),
      ], sortKeyCount: 1)
  }

  public func makeSource(writer: Int, writerCount: Int) throws -> any BatchSource {
    NumberedRowSource(self, writer: writer, writerCount: writerCount)
  }

  /// An order, and what is right about it.
  public struct Order: Hashable, Sendable {
    public var id: Int64
    public var userID: Int64
    public var productID: Int64
    /// 1 to 5; 0 or less in one of a hundred rows.
    public var quantity: Int64
    /// As it is written.
    public var status: String?
    public var phone: String
    public var time: Timestamp
    /// The time as it is written; no time in one of 500 rows.
    public var created: String
  }

  private static let statuses: [String?] = [
    "created", "paid", "PAID", " paid ", "shipped", "Shipped", "delivered", "cancelled", "n/a", nil,
  ]

  /// - Parameter number: of all writers' rows, from 0.
  public func order(_ number: Int) -> Order {
    let chance = mixBits(parameters.seed &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(number))
    let more = mixBits(chance)
    // The smaller of two: some users order more than others.
    let user = Self.share(min(chance & 0xFFFF, (chance >> 16) & 0xFFFF), of: Self.userCount)
    let product = Self.share((chance >> 32) & 0xFFFF, of: Self.productCount + 2)
    let late = Self.share(more & 0xFFFF, of: Int(Self.jitter))
    let turn = Int64(Double(number) * 1e6 / parameters.eventsPerSecond)
    let time = Timestamp(rawValue: parameters.start.rawValue + turn - late)
    let digits = "\(100_000_000 + mixBits(UInt64(user)) % 100_000_000)".dropFirst()
    let quantity = Int64((more >> 16) % 5)
    let isWrong = (more >> 24) % 100 == 0
    let status = (more >> 32) % 200
    let written = (more >> 44) % 500
    return Order(
      id: Int64(number) + 1, userID: user + 1, productID: product + 1,
      quantity: isWrong ? -quantity : quantity + 1,
      status: status == 0 ? "???" : Self.statuses[Int(status % 10)], phone: "138" + digits,
      time: time, created: written == 0 ? "yesterday" : Self.text(time, hasZone: written % 4 == 0))
  }

  /// A number below `count`, evenly, of 16 bits of chance.
  private static func share(_ bits: UInt64, of count: Int) -> Int64 {
    Int64((bits * UInt64(count)) >> 16)
  }

  private static func text(_ time: Timestamp, hasZone: Bool) -> String {
    let text = DataType.datetime.format(.integer(Int128(time.rawValue)))
    return hasZone ? text.replacing(" ", with: "T", maxReplacements: 1) + "Z" : text
  }
}

extension RawOrders: NumberedRows {
  func append(row number: Int, to builders: [ColumnBuilder]) {
    let order = order(number)
    builders[0].append(integer: order.id)
    builders[1].append(integer: order.userID)
    builders[2].append(integer: order.productID)
    builders[3].append(integer: order.quantity)
    if let status = order.status {
      builders[4].append(string: status)
    } else {
      builders[4].appendNull()
    }
    builders[5].append(string: order.phone)
    builders[6].append(string: order.created)
  }
}
