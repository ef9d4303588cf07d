import IngestDriver
import InvertedIndex
import ScanKernels
import SegmentFormat
import StorageBase
import TabletEngine

/// The orders that clients write and ask about, and the products in them. Every value follows from
/// the number of the order, and how often it has been changed, so that whoever knows these can tell
/// what the table holds. Immutable and thread-safe.
///
/// Users, products, cities and words follow Zipf's law. Orders are numbered in the order of their
/// time; a change gives an order another status and amount.
struct ShopOrders: Sendable {
  static let tableName = "orders"
  static let productTableName = "products"
  static let productCount = 10_000
  /// Microseconds from one order to the next.
  static let orderInterval: Int64 = 10
  static let startTime: Int64 = 1_767_225_600_000_000

  let schema: Schema
  let productSchema: Schema
  private let seed: UInt64
  private let users: AliasTable
  private let products = AliasTable.zipf(count: Self.productCount, exponent: 0.8)
  private let cities = AliasTable.zipf(count: Self.cityCount, exponent: 0.8)
  private let words = AliasTable.zipf(count: Self.wordCount, exponent: 1)
  /// Which order of a client is changed.
  private let ranks: AliasTable
  private let cityTable = StringTable((0..<Self.cityCount).map { "city \($0)" })
  private let statusTable = StringTable(Self.statuses)

  static let statuses = ["created", "paid", "shipped", "delivered", "cancelled", "refunded"]
  static let cityCount = 50
  static let wordCount = 576
  private static let wordsPerNote = 6
  private static let syllables = [
    "ba", "ce", "di", "fo", "gu", "ha", "je", "ki", "lo", "mu", "na", "pe", "qi", "ro", "su", "ta",
    "ve", "wi", "xo", "yu", "za", "bre", "cli", "dro",
  ]
  /// The vocabulary, the most frequent first.
  private static let vocabulary = (0..<wordCount).map { number in
    Array((syllables[number / 24] + syllables[number % 24] + "n").utf8)
  }

  /// - Parameter orderCount: orders that are there at the beginning.
  init(seed: UInt64, tenants: Int, orderCount: Int) throws {
    self.seed = seed
    ranks = .zipf(count: min(max(orderCount, 1024), 1 << 20), exponent: 0.9)
    users = .zipf(count: tenants, exponent: 0.9)
    let orderSchema = try Schema(
      [
        ("order_id", .int64, false), ("user_id", .int64, false), ("order_time", .datetime, false),
        ("status", .string, false), ("city", .string, false), ("product_id", .int32, false),
        ("quantity", .int16, false), ("amount", .decimal(precision: 12, scale: 2), false),
        ("note", .string, false),
      ], sortKeyCount: 1)
    schema = try Schema(columns: orderSchema.columns, sortKeyCount: 1, keysModel: .unique)
    let plain = try Schema(
      [
        ("product_id", .int32, false), ("name", .string, false), ("category", .int32, false),
        ("price", .decimal(precision: 12, scale: 2), false),
      ], sortKeyCount: 1)
    productSchema = try Schema(columns: plain.columns, sortKeyCount: 1, keysModel: .unique)
  }

  /// Orders with rows to be read whole, users to be looked for and notes to be searched.
  func orderTable(
    buckets: Int, durability: Durability, compression: Compression
  ) throws -> TableDefinition {
    func id(_ name: String) throws -> ColumnID {
      schema.columns[try schema.requireIndex(of: name)].id
    }
    return try TableDefinition(
      name: Self.tableName, schema: schema, bucketCount: buckets,
      segmentOptions: SegmentOptions(compression: compression),
      indexes: [
        ColumnIndex(column: try id("user_id")),
        ColumnIndex(
          column: try id("note"), options: IndexOptions(parser: .english, supportPhrase: false)),
      ], durability: durability, uniqueKeys: UniqueKeyOptions(), rowStore: .all)
  }

  func productTable() throws -> TableDefinition {
    try TableDefinition(
      name: Self.productTableName, schema: productSchema, uniqueKeys: UniqueKeyOptions(),
      rowStore: .all)
  }

  // MARK: What an order holds

  private func bits(_ order: Int64, _ column: UInt64) -> UInt64 {
    mixBits(mixBits(UInt64(bitPattern: order) &+ seed &* 0x9E37_79B9) &+ column)
  }

  /// A user, drawn as those of orders are.
  func user(_ bits: UInt64) -> Int64 { Int64(users.draw(bits)) + 1 }
  func user(ofOrder order: Int64) -> Int64 { user(bits(order, 1)) }
  func rank(_ bits: UInt64) -> Int { ranks.draw(bits) }
  func product(_ bits: UInt64) -> Int32 { Int32(products.draw(bits)) + 1 }
  /// A word of notes that is neither in most of them nor in next to none.
  func word(_ bits: UInt64) -> String {
    String(decoding: Self.vocabulary[100 + Int(bits % UInt64(Self.wordCount - 100))], as: UTF8.self)
  }

  static func time(ofOrder order: Int64) -> Int64 { startTime + order * orderInterval }

  /// Cents.
  func amount(ofOrder order: Int64, revision: UInt32) -> Int64 {
    let base = Int64(bits(order, 5) % 50_000) + 99
    return base * Int64(quantity(ofOrder: order)) + Int64(revision) * 10
  }

  func quantity(ofOrder order: Int64) -> Int16 { Int16(bits(order, 4) % 5) + 1 }

  /// The rows of some orders as they are after so many changes.
  func batch(_ orders: [Int64], revisions: [UInt32]) -> ColumnBatch {
    let count = orders.count
    func buffer(_ width: Int) -> AlignedBuffer { AlignedBuffer(byteCount: count * width) }
    let (ids, userIDs, times) = (buffer(8), buffer(8), buffer(8))
    let (statuses, cities, productIDs) = (buffer(4), buffer(4), buffer(4))
    let (quantities, amounts) = (buffer(2), buffer(8))
    let idValues = ids.mutableValues(as: Int64.self)
    let userValues = userIDs.mutableValues(as: Int64.self)
    let timeValues = times.mutableValues(as: Int64.self)
    let statusValues = statuses.mutableValues(as: UInt32.self)
    let cityValues = cities.mutableValues(as: UInt32.self)
    let productValues = productIDs.mutableValues(as: Int32.self)
    let quantityValues = quantities.mutableValues(as: Int16.self)
    let amountValues = amounts.mutableValues(as: Int64.self)
    for row in 0..<count {
      let order = orders[row]
      idValues[row] = order
      userValues[row] = user(ofOrder: order)
      timeValues[row] = Self.time(ofOrder: order)
      statusValues[row] = UInt32(
        (bits(order, 2) &+ UInt64(revisions[row])) % UInt64(Self.statuses.count))
      cityValues[row] = UInt32(self.cities.draw(bits(order, 3)))
      productValues[row] = product(bits(order, 6))
      quantityValues[row] = quantity(ofOrder: order)
      amountValues[row] = amount(ofOrder: order, revision: revisions[row])
    }
    let bodies: [ColumnVector.Body] = [
      .fixed(ids), .fixed(userIDs), .fixed(times),
      .coded(codes: statuses, dictionary: statusTable),
      .coded(codes: cities, dictionary: cityTable), .fixed(productIDs), .fixed(quantities),
      .fixed(amounts), .strings(notes(of: orders)),
    ]
    return ColumnBatch(
      schema: schema, rowCount: count,
      columns: zip(schema.columns, bodies).map {
        ColumnVector(type: $0.type, count: count, body: $1)
      })
  }

  private func notes(of orders: [Int64]) -> StringTable {
    var bytes: [UInt8] = []
    var offsets: [UInt32] = [0]
    bytes.reserveCapacity(orders.count * Self.wordsPerNote * 7)
    offsets.reserveCapacity(orders.count + 1)
    for order in orders {
      for place in 0..<Self.wordsPerNote {
        if place > 0 { bytes.append(0x20) }
        bytes.append(contentsOf: Self.vocabulary[words.draw(bits(order, 10 + UInt64(place)))])
      }
      offsets.append(UInt32(bytes.count))
    }
    return StringTable(count: orders.count, offsets: .of(offsets), bytes: .of(bytes))
  }

  /// All products.
  func productBatch() -> ColumnBatch {
    let builders = productSchema.columns.map { ColumnBuilder(type: $0.type) }
    for product in 1...Self.productCount {
      builders[0].append(integer: Int64(product))
      builders[1].append(.string("product \(product)"))
      builders[2].append(integer: Int64(product % 40))
      builders[3].append(integer: Int64(99 + bits(Int64(product), 7) % 50_000))
    }
    return ColumnBatch(
      schema: productSchema, rowCount: Self.productCount, columns: builders.map { $0.finish() })
  }
}
