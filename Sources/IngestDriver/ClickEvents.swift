import ScanKernels
import StorageBase

/// The click workload: what visitors of a shop look at, visit by visit. A row depends on its number
/// alone, so any is made without those before it, and clicks of many visits come interleaved.
///
/// Of a visit of eight clicks the first is a landing page, and each next one goes deeper with a
/// certain chance, so that fewer and fewer visits reach the basket and the checkout. Event times
/// advance with the rows, at a rate, and come up to `jitter` late. Immutable and thread-safe.
public struct ClickEvents: BatchSourceFactory {
  public struct Parameters: Hashable, Sendable {
    public var seed: UInt64 = 1
    /// Of a second of event time, of all writers together.
    public var eventsPerSecond = 100_000.0
    /// Visitors there are, 1...2^31; a few come far more often than most.
    public var userCount = 1_000_000
    /// The first event.
    public var start = Timestamp(rawValue: 1_767_225_600_000_000)

    public init() {}
  }

  /// Clicks of a visit.
  public static let visitClickCount = 8
  /// Visits whose clicks come in turns.
  static let concurrentVisitCount = 64
  /// Event times come out of order by less than this many microseconds.
  public static let jitter: Int64 = 1_000_000

  public let schema: Schema
  let parameters: Parameters

  /// - Throws: `StorageError.invalidArgument` for parameters out of range.
  public init(_ parameters: Parameters = Parameters()) throws {
    guard (1e-3...1e9).contains(parameters.eventsPerSecond),
      (1...1 << 31).contains(parameters.userCount)
    else {
      throw StorageError.invalidArgument(
        name: "clicks", value: "\(parameters)",
        reason: "events are 0.001 to 1e9 a second, of 1 to 2147483648 users")
    }
    self.parameters = parameters
    schema = try Schema(
      [
        ("event_time", .datetime, false), ("click_id", .int64, false), ("user_id", .int64, false),
        ("visit_id", .int64, false), ("page", .string, false), ("referrer", .string, true),
        ("device", .string, false), ("product_id", .int32, true), ("duration_ms", .int32, false),
      ], sortKeyCount: 1)
  }

  public func makeSource(writer: Int, writerCount: Int) throws -> any BatchSource {
    NumberedRowSource(self, writer: writer, writerCount: writerCount)
  }

  static let pages = ["/", "/search", "/category", "/product", "/basket", "/checkout", "/thanks"]
  static let referrers = ["search engine", "newsletter", "advertisement", "friend"]
  static let devices = ["phone", "phone", "phone", "desktop", "desktop", "tablet"]

  /// One click; numbers that say where in `pages`, `referrers` and `devices` it is.
  public struct Click: Hashable, Sendable {
    public var id: Int64
    public var userID: Int64
    public var visitID: Int64
    public var time: Timestamp
    public var page: Int
    /// Of the first click of a visit, where somebody has sent the visitor.
    public var referrer: Int?
    public var device: Int
    /// Of pages that show a product.
    public var productID: Int32?
    public var milliseconds: Int32
  }

  /// - Parameter number: of all writers' rows, from 0.
  public func click(_ number: Int) -> Click {
    let blockRowCount = Self.visitClickCount * Self.concurrentVisitCount
    let (block, row) = number.quotientAndRemainder(dividingBy: blockRowCount)
    let visit = block * Self.concurrentVisitCount + row % Self.concurrentVisitCount
    let step = row / Self.concurrentVisitCount
    let visitor = mixBits(parameters.seed &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(visit))
    let chance = mixBits(visitor &+ UInt64(step) &+ 1)
    // The product of two even chances: small numbers far more often.
    let share = ((visitor & 0xFFFF_FFFF) * (visitor >> 32)) >> 32
    let user = Int64((share * UInt64(parameters.userCount)) >> 32)
    // How deep the visit has gone by now: one more with each click that went on.
    let depth = (0..<step).count { mixBits(visitor &+ UInt64($0) &+ 1) % 10 < 6 }
    let page = min(depth, Self.pages.count - 1)
    let turn = Int64(Double(number) * 1e6 / parameters.eventsPerSecond)
    let late = Int64((chance & 0xFFFF) * UInt64(Self.jitter) >> 16)
    let showsProduct = (3...4).contains(page)
    return Click(
      id: Int64(number) + 1, userID: user + 1, visitID: Int64(visit) + 1,
      time: Timestamp(rawValue: parameters.start.rawValue + turn - late), page: page,
      referrer: step == 0 && visitor % 3 > 0
        ? Int((visitor >> 8) % UInt64(Self.referrers.count)) : nil,
      device: Int((visitor >> 16) % UInt64(Self.devices.count)),
      productID: showsProduct ? Int32((chance >> 16) % 10_000) + 1 : nil,
      milliseconds: Int32(500 + (chance >> 32) % 60_000))
  }
}

extension ClickEvents: NumberedRows {
  func append(row number: Int, to builders: [ColumnBuilder]) {
    let click = click(number)
    builders[0].append(integer: click.time.rawValue)
    builders[1].append(integer: click.id)
    builders[2].append(integer: click.userID)
    builders[3].append(integer: click.visitID)
    builders[4].append(string: Self.pages[click.page])
    builders[5].append(click.referrer.map { .string(Self.referrers[$0]) } ?? .null)
    builders[6].append(string: Self.devices[click.device])
    builders[7].append(click.productID.map { .integer(Int128($0)) } ?? .null)
    builders[8].append(integer: Int64(click.milliseconds))
  }
}
