import ScanKernels
import StorageBase

/// What is known of the users and the products that `RawOrders` are of. A row depends on its
/// number alone. Immutable and thread-safe.
public struct ShopDimension: BatchSourceFactory {
  public enum Kind: Sendable { case users, products }

  public let schema: Schema
  private let kind: Kind
  private let rowCount: Int

  /// - Parameter rowCount: users or products, numbered from 1.
  public init(_ kind: Kind, rowCount: Int) throws {
    self.kind = kind
    self.rowCount = rowCount
    switch kind {
    case .users:
      schema = try Schema(
        [("user_id", .int64, false), ("city", .string, false), ("level", .string, false)],
        sortKeyCount: 1)
    case .products:
      schema = try Schema(
        [
          ("product_id", .int32, false), ("category", .string, false),
          ("price", .decimal(precision: 12, scale: 2), false),
        ], sortKeyCount: 1)
    }
  }

  private static let cities = ["Berlin", "Hamburg", "Munich", "Cologne", "Leipzig", "Bremen"]
  private static let levels = ["basic", "silver", "gold"]
  private static let categories = ["books", "food", "garden", "music", "shoes", "tools", "toys"]

  public static func city(ofUser id: Int64) -> String {
    cities[Int(mixBits(UInt64(id)) % UInt64(cities.count))]
  }

  public static func level(ofUser id: Int64) -> String {
    levels[Int(mixBits(UInt64(id) &+ (1 << 40)) % UInt64(levels.count))]
  }

  public static func category(ofProduct id: Int64) -> String {
    categories[Int(mixBits(UInt64(id)) % UInt64(categories.count))]
  }

  /// In hundredths.
  public static func price(ofProduct id: Int64) -> Int64 {
    Int64(mixBits(UInt64(id) &+ (1 << 40)) % 20_000) + 99
  }

  public func makeSource(writer: Int, writerCount: Int) throws -> any BatchSource {
    ShopDimensionSource(self, writer: writer, writerCount: writerCount)
  }

  fileprivate var count: Int { rowCount }

  fileprivate func append(_ id: Int64, to builders: [ColumnBuilder]) {
    builders[0].append(integer: id)
    switch kind {
    case .users:
      builders[1].append(string: Self.city(ofUser: id))
      builders[2].append(string: Self.level(ofUser: id))
    case .products:
      builders[1].append(string: Self.category(ofProduct: id))
      builders[2].append(integer: Self.price(ofProduct: id))
    }
  }
}

private final class ShopDimensionSource: BatchSource {
  private let dimension: ShopDimension
  private let writerCount: Int
  private var next: Int

  init(_ dimension: ShopDimension, writer: Int, writerCount: Int) {
    self.dimension = dimension
    self.writerCount = writerCount
    next = writer
  }

  var schema: Schema { dimension.schema }

  func nextBatch(maxRows: Int) -> ColumnBatch? {
    let builders = schema.columns.map { ColumnBuilder(type: $0.type, capacity: 1024) }
    var count = 0
    while count < maxRows, next < dimension.count {
      dimension.append(Int64(next) + 1, to: builders)
      next += writerCount
      count += 1
    }
    guard count > 0 else { return nil }
    return ColumnBatch(
      schema: schema, rowCount: count, columns: builders.map { $0.finish() })
  }
}
