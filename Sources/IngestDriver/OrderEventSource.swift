import ScanKernels
import StorageBase

/// The rows of one writer of `OrderEvents`. Not thread-safe.
final class OrderEventSource: BatchSource {
  let schema: Schema
  private let events: OrderEvents
  private var generator: SeededGenerator
  /// Rows made so far.
  private var rowIndex = 0
  private let writer: Int
  private let writerCount: Int
  private let userPermutation: NumberPermutation
  private let productPermutation: NumberPermutation

  init(_ events: OrderEvents, writer: Int, writerCount: Int) {
    precondition(writerCount > 0 && (0..<writerCount).contains(writer))
    self.events = events
    self.writer = writer
    self.writerCount = writerCount
    schema = events.schema
    generator = SeededGenerator(seed: mixBits(events.parameters.seed) &+ UInt64(writer))
    userPermutation = NumberPermutation(count: events.users.count)
    productPermutation = NumberPermutation(count: OrderDimensions.productCount)
  }

  func nextBatch(maxRows: Int) -> ColumnBatch? {
    precondition(maxRows > 0)
    let limit = events.parameters.rowsPerWriter ?? .max
    let count = min(maxRows, limit - rowIndex)
    guard count > 0 else { return nil }
    let buffers = OrderEventBuffers(rowCount: count)
    fill(buffers, count: count)
    rowIndex += count
    return buffers.batch(schema: schema, dimensions: events.dimensions)
  }

  private func fill(_ buffers: OrderEventBuffers, count: Int) {
    let dimensions = events.dimensions
    let userIDs = buffers.userIDs.mutableValues(as: Int64.self)
    let times = buffers.orderTimes.mutableValues(as: Int64.self)
    let orderIDs = buffers.orderIDs.mutableValues(as: Int64.self)
    let statuses = buffers.statuses.mutableValues(as: UInt32.self)
    let cities = buffers.cities.mutableValues(as: UInt32.self)
    let productIDs = buffers.productIDs.mutableValues(as: Int32.self)
    let quantities = buffers.quantities.mutableValues(as: Int16.self)
    let amounts = buffers.amounts.mutableValues(as: Int64.self)
    let coupons = buffers.coupons.mutableValues(as: UInt32.self)
    let noCoupon = buffers.noCoupon.mutableWords
    let gifts = buffers.gifts.mutableValues(as: Int8.self)
    let start = events.parameters.start.rawValue
    let microsecondsPerRow = 1e6 / events.parameters.rowsPerSecond
    let lateness = UInt64(events.parameters.latenessSeconds * 1e6) &+ 1
    // A local copy stays in registers.
    var random = generator
    dimensions.prices.withUnsafeBufferPointer { prices in
      for row in 0..<count {
        // Writers take turns, so together they give the orders 0, 1, 2, ...
        let order = (rowIndex &+ row) &* writerCount &+ writer
        userIDs[row] = Int64(userPermutation[events.users.draw(random.next())] &+ 1)
        let product = productPermutation[dimensions.products.draw(random.next())]
        statuses[row] = UInt32(truncatingIfNeeded: dimensions.statuses.draw(random.next()))
        cities[row] = UInt32(truncatingIfNeeded: dimensions.cities.draw(random.next()))
        let quantity = dimensions.quantities.draw(random.next()) &+ 1
        // The high part of a product is uniform below the factor (Lemire 2019).
        let late = random.next().multipliedFullWidth(by: lateness).high
        let turn = start &+ Int64(Double(order) * microsecondsPerRow)
        times[row] = turn &- Int64(truncatingIfNeeded: late)
        orderIDs[row] = Int64(order) &+ 1
        productIDs[row] = Int32(truncatingIfNeeded: product &+ 1)
        quantities[row] = Int16(truncatingIfNeeded: quantity)
        amounts[row] = prices[product] &* Int64(quantity)
        let chance = random.next()
        // 15 of 100 orders have a coupon, 5 of 100 are gifts.
        let couponBits = (chance & 0xFFFF_FFFF) &* 100
        let hasCoupon = couponBits &>> 32 < 15
        let coupon = (chance &>> 48) % UInt64(OrderDimensions.couponCount) &+ 1
        coupons[row] = hasCoupon ? UInt32(truncatingIfNeeded: coupon) : 0
        noCoupon[row &>> 6] |= (hasCoupon ? 0 : 1) &<< UInt64(row & 63)
        gifts[row] = (((chance &>> 32) & 0xFFFF) &* 100) &>> 16 < 5 ? 1 : 0
      }
    }
    generator = random
  }
}

/// The memory of one batch of order events while it is filled.
private struct OrderEventBuffers {
  let rowCount: Int
  let userIDs, orderTimes, orderIDs, statuses, cities: AlignedBuffer
  let productIDs, quantities, amounts, coupons, gifts: AlignedBuffer
  let noCoupon: Bitmap

  init(rowCount: Int) {
    func buffer(_ width: Int) -> AlignedBuffer { AlignedBuffer(byteCount: rowCount * width) }
    self.rowCount = rowCount
    userIDs = buffer(8)
    orderTimes = buffer(8)
    orderIDs = buffer(8)
    statuses = buffer(4)
    cities = buffer(4)
    productIDs = buffer(4)
    quantities = buffer(2)
    amounts = buffer(8)
    coupons = buffer(4)
    gifts = buffer(1)
    noCoupon = Bitmap(count: rowCount)
  }

  func batch(schema: Schema, dimensions: OrderDimensions) -> ColumnBatch {
    let bodies: [ColumnVector.Body] = [
      .fixed(userIDs), .fixed(orderTimes), .fixed(orderIDs),
      .coded(codes: statuses, dictionary: dimensions.statusTable),
      .coded(codes: cities, dictionary: dimensions.cityTable),
      .fixed(productIDs), .fixed(quantities), .fixed(amounts),
      .coded(codes: coupons, dictionary: dimensions.couponTable), .fixed(gifts),
    ]
    let columns = zip(schema.columns, bodies).map { column, body in
      ColumnVector(
        type: column.type, count: rowCount, body: body,
        nulls: column.name == "coupon" && noCoupon.setCount > 0 ? noCoupon : nil)
    }
    return ColumnBatch(schema: schema, rowCount: rowCount, columns: columns)
  }
}

/// A fixed permutation of 0..<count that takes neighbours far apart: multiplication by a number
/// without a common divisor with `count`.
struct NumberPermutation: Sendable {
  private let count: UInt64
  private let factor: UInt64

  /// - Precondition: `count` is in 1...2^31.
  init(count: Int) {
    self.count = UInt64(count)
    // Near the golden section the images of consecutive numbers spread evenly (Knuth 6.4).
    var factor = max(1, UInt64(Double(count) * 0.618_033_988_75))
    while Self.greatestCommonDivisor(factor, UInt64(count)) != 1 { factor += 1 }
    self.factor = factor
  }

  @inline(__always) subscript(number: Int) -> Int {
    Int(truncatingIfNeeded: UInt64(truncatingIfNeeded: number) &* factor % count)
  }

  private static func greatestCommonDivisor(_ a: UInt64, _ b: UInt64) -> UInt64 {
    b == 0 ? a : greatestCommonDivisor(b, a % b)
  }
}
