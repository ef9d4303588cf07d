import ScanKernels
import StorageBase

/// The newest state of each order: rows of `OrderEvents` by the key `order_id`, most of them
/// changes of orders that are there. Which orders change follows Zipf's law; the frequent ones are
/// spread over all ages. The same parameters give the same rows on every machine. Immutable and
/// thread-safe.
public struct OrderStates: BatchSourceFactory {
  public struct Parameters: Hashable, Sendable {
    public var seed: UInt64 = 1
    /// How many of 100 rows change an order that is there, 0...100.
    public var hitPercentage = 80
    /// Orders that are there at the beginning, numbered from 1; at least 1.
    public var knownCount = 1
    /// 0 draws orders evenly; near 1 a few change most often.
    public var skew = 0.9
    /// Whether each writer changes orders of its own only, so that it does not depend on whose load
    /// comes last which row of an order is the newest: of `n` writers number `w` has the orders
    /// `w + 1`, `w + 1 + n` and so on.
    public var separatesWriters = false

    public init() {}
  }

  public let schema: Schema
  let parameters: Parameters
  let events: OrderEvents
  let ranks: AliasTable
  /// Orders that Zipf's law tells apart; older and newer ones share ranks.
  static let rankCount = 1 << 20

  public init(_ parameters: Parameters = Parameters()) throws {
    guard (0...100).contains(parameters.hitPercentage), parameters.knownCount >= 1 else {
      throw StorageError.invalidArgument(
        name: "order states", value: "\(parameters)",
        reason: "hits are 0 to 100 of 100, and at least one order is known")
    }
    self.parameters = parameters
    var eventParameters = OrderEvents.Parameters()
    eventParameters.seed = parameters.seed
    events = try OrderEvents(eventParameters)
    schema = try Self.makeSchema(events.schema)
    ranks = .zipf(count: Self.rankCount, exponent: parameters.skew)
  }

  /// The columns of the events with the key first.
  private static func makeSchema(_ events: Schema) throws -> Schema {
    let key = try events.requireIndex(of: "order_id")
    let order = [key] + events.columns.indices.filter { $0 != key }
    return try Schema(
      columns: order.enumerated().map { index, position in
        let column = events.columns[position]
        return Column(
          id: ColumnID(rawValue: UInt32(index + 1)), name: column.name, type: column.type,
          isNullable: column.isNullable)
      }, sortKeyCount: 1, keysModel: .unique)
  }

  public func makeSource(writer: Int, writerCount: Int) throws -> any BatchSource {
    OrderStateSource(self, writer: writer, writerCount: writerCount)
  }
}

/// The rows of one writer of `OrderStates`. Not thread-safe.
final class OrderStateSource: BatchSource {
  let schema: Schema
  private let states: OrderStates
  private let events: OrderEventSource
  private var random: SeededGenerator
  private let permutation = NumberPermutation(count: OrderStates.rankCount)
  private var known: Int
  private let writer: Int
  private let writerCount: Int

  init(_ states: OrderStates, writer: Int, writerCount: Int) {
    self.states = states
    self.writer = writer
    self.writerCount = writerCount
    schema = states.schema
    events = OrderEventSource(states.events, writer: writer, writerCount: writerCount)
    random = SeededGenerator(seed: mixBits(states.parameters.seed ^ 0x5EED) &+ UInt64(writer))
    known = states.parameters.knownCount + writer
  }

  func nextBatch(maxRows: Int) -> ColumnBatch? {
    guard let batch = events.nextBatch(maxRows: maxRows),
      let key = batch.schema.index(of: "order_id")
    else { return nil }
    let ids = AlignedBuffer(byteCount: batch.rowCount * 8)
    let values = ids.mutableValues(as: Int64.self)
    for row in 0..<batch.rowCount {
      let isHit = random.next() % 100 < UInt64(states.parameters.hitPercentage)
      if isHit {
        values[row] = Int64(own(drawn())) + 1
      } else {
        known += writerCount
        values[row] = Int64(known)
      }
    }
    var columns = batch.columns
    columns.remove(at: key)
    columns.insert(
      ColumnVector(type: .int64, count: batch.rowCount, body: .fixed(ids), nulls: nil), at: 0)
    return ColumnBatch(schema: schema, rowCount: batch.rowCount, columns: columns)
  }

  /// An order that is there, counted from 0.
  private func drawn() -> Int {
    if states.parameters.skew == 0 { return Int.random(in: 0..<known, using: &random) }
    return permutation[states.ranks.draw(random.next())] % known
  }

  /// The order itself, or one of this writer beside it; counted from 0.
  private func own(_ order: Int) -> Int {
    guard states.parameters.separatesWriters else { return order }
    let near = order - order % writerCount + writer
    return near < known ? near : near - writerCount
  }
}
