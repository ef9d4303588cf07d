import ScanKernels
import StorageBase

/// The order-event workload: changes of orders as a shop's stream of events would bring them.
///
/// Users, products and cities follow Zipf's law; users and products get their numbers from a
/// fixed permutation, so that the frequent ones are not neighbours. Event times advance with the
/// rows, at a rate, and come up to `latenessSeconds` late. The same parameters and writer give
/// the same rows on every machine. Immutable and thread-safe.
public struct OrderEvents: BatchSourceFactory {
  public struct Parameters: Hashable, Sendable {
    public var seed: UInt64 = 1
    /// How many users there are, 1...2^31.
    public var userCount = 1_000_000
    /// 0 draws users evenly; near 1 a few make most orders.
    public var userSkew = 0.9
    /// Time of the first event.
    public var start = Timestamp(rawValue: 1_767_225_600_000_000)
    /// Events per second of event time, of all writers together.
    public var rowsPerSecond = 100_000.0
    /// An event's time lies up to this much before its turn.
    public var latenessSeconds = 2.0
    /// Rows of each writer; nil for no end.
    public var rowsPerWriter: Int?

    public init() {}
  }

  public let schema: Schema
  let parameters: Parameters
  let users: AliasTable
  let dimensions: OrderDimensions

  /// Builds the tables; about 30 ms per million users.
  /// - Throws: `StorageError.invalidArgument` for a parameter out of range.
  public init(_ parameters: Parameters = Parameters()) throws {
    func require(_ isValid: Bool, _ name: String, _ value: some Any, _ reason: String) throws {
      if !isValid {
        throw StorageError.invalidArgument(name: name, value: "\(value)", reason: reason)
      }
    }
    let userCount = parameters.userCount
    try require((1...1 << 31).contains(userCount), "users", userCount, "not in 1...2147483648")
    let skew = parameters.userSkew
    try require((0...4).contains(skew), "user skew", skew, "not in 0...4")
    let rate = parameters.rowsPerSecond
    try require((1e-3...1e12).contains(rate), "rows per second", rate, "not in 0.001...1e12")
    let lateness = parameters.latenessSeconds
    try require((0...1e6).contains(lateness), "lateness", lateness, "not in 0...1000000 s")
    self.parameters = parameters
    schema = try Self.makeSchema()
    users = .zipf(count: userCount, exponent: skew)
    dimensions = OrderDimensions()
  }

  public func makeSource(writer: Int, writerCount: Int) throws -> any BatchSource {
    OrderEventSource(self, writer: writer, writerCount: writerCount)
  }

  /// Sorted by user and time: the dashboards of a shop ask for both.
  static func makeSchema() throws -> Schema {
    try Schema(
      [
        ("user_id", .int64, false),
        ("order_time", .datetime, false),
        ("order_id", .int64, false),
        ("status", .string, false),
        ("city", .string, false),
        ("product_id", .int32, false),
        ("quantity", .int16, false),
        ("amount", .decimal(precision: 12, scale: 2), false),
        ("coupon", .string, true),
        ("is_gift", .bool, false),
      ], sortKeyCount: 2)
  }
}
