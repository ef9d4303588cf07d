import ScanKernels
import StorageBase

/// The product360 workload: one wide table of what is known of each user, which several streams
/// update by key, each its own columns. After the case in "Apache Doris 2.x: partial column
/// updates" of a bank's product view: 2 000 columns and streams of 50, 10, 8 and 5 of them.
///
/// The key is `user_id`, from 1; value columns are integers, floating point, amounts and short
/// texts in turn. Keys of a batch are drawn evenly, each at most once. The same parameters give the
/// same rows on every machine. Immutable and thread-safe.
public struct Product360: Sendable {
  public struct Parameters: Hashable, Sendable {
    public var seed: UInt64 = 1
    /// Columns, the key included: 74...4096.
    public var columnCount = 2000
    /// Users there are; at least 1.
    public var userCount = 20_000

    public init() {}
  }

  /// How many columns each of the four streams updates.
  public static let streamWidths = [50, 10, 8, 5]

  public let schema: Schema
  let parameters: Parameters

  /// - Throws: `StorageError.invalidArgument` for parameters out of range.
  public init(_ parameters: Parameters = Parameters()) throws {
    let least = Self.streamWidths.reduce(1, +)
    guard (least...4096).contains(parameters.columnCount), parameters.userCount >= 1 else {
      throw StorageError.invalidArgument(
        name: "product360", value: "\(parameters)",
        reason: "it has \(least) to 4096 columns and at least one user")
    }
    self.parameters = parameters
    let types: [DataType] = [
      .int32, .int32, .int64, .double, .decimal(precision: 12, scale: 2), .string,
    ]
    schema = try Schema(
      columns: (0..<parameters.columnCount).map { position in
        Column(
          id: ColumnID(rawValue: UInt32(position + 1)),
          name: position == 0 ? "user_id" : "feature_\(position)",
          type: position == 0 ? .int64 : types[position % types.count], isNullable: position > 0)
      }, sortKeyCount: 1, keysModel: .unique)
  }

  /// The positions of the columns of a stream, the key first. Streams have none else in common.
  public func columns(ofStream stream: Int) -> [Int] {
    let first = 1 + Self.streamWidths[..<stream].reduce(0, +)
    return [0] + (first..<first + Self.streamWidths[stream])
  }

  /// Rows for some users.
  /// - Parameters:
  ///   - columns: positions in the schema, the key among them.
  ///   - users: of each row.
  ///   - turn: other values for each.
  public func rows(_ columns: [Int], users: [Int64], turn: Int) throws -> ColumnBatch {
    let schema = try Schema(columns: columns.map { self.schema.columns[$0] }, sortKeyCount: 1)
    return rows(columns, schema: schema, users: users) { _ in turn }
  }

  /// The same with a turn for each row.
  /// - Parameter schema: of the columns.
  func rows(
    _ columns: [Int], schema: Schema, users: [Int64], turn: (Int) -> Int
  ) -> ColumnBatch {
    let seeds = users.indices.map {
      mixBits(parameters.seed &+ UInt64(turn($0)) &* 0x9E37_79B9)
    }
    let vectors = zip(columns, schema.columns).map { position, column in
      position == 0
        ? Self.keys(users) : Self.values(of: column, users, seeds, position: UInt64(position))
    }
    return ColumnBatch(schema: schema, rowCount: users.count, columns: vectors)
  }

  private static func keys(_ users: [Int64]) -> ColumnVector {
    let builder = ColumnBuilder(type: .int64, capacity: users.count)
    for user in users { builder.append(integer: user) }
    return builder.finish()
  }

  private static func values(
    of column: Column, _ users: [Int64], _ seeds: [UInt64], position: UInt64
  ) -> ColumnVector {
    let builder = ColumnBuilder(type: column.type, capacity: users.count)
    for (user, seed) in zip(users, seeds) {
      let chance = mixBits(mixBits(seed ^ position) ^ UInt64(bitPattern: user))
      switch column.type.physical {
      case .bytes: builder.append(string: segments[Int(chance % UInt64(segments.count))])
      case .float64: builder.append(floating: Double(chance % 10_000) / 64)
      case .int128: builder.append(wide: Int128(chance % 1_000_000))
      default: builder.append(integer: Int64(chance % 100_000))
      }
    }
    return builder.finish()
  }

  private static let segments = [
    "new", "active", "loyal", "at risk", "dormant", "lost", "won back", "business",
  ]
}

/// Which users a stream of `Product360` updates. Not thread-safe.
public struct Product360Users {
  private var random: SeededGenerator
  private let count: UInt64

  /// - Parameter stream: streams draw other users.
  public init(_ workload: Product360, stream: Int) {
    random = SeededGenerator(seed: mixBits(workload.parameters.seed) &+ UInt64(stream))
    count = UInt64(workload.parameters.userCount)
  }

  /// Distinct users, in the order they are drawn; all of them where there are no more.
  public mutating func draw(_ wanted: Int) -> [Int64] {
    var seen = Set<Int64>()
    var users: [Int64] = []
    while users.count < min(wanted, Int(count)) {
      let user = Int64(random.next() % count) + 1
      if seen.insert(user).inserted { users.append(user) }
    }
    return users
  }
}
