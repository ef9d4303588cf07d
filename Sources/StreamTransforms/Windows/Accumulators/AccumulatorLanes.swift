import ScanKernels
import StorageBase

/// One figure of many windows, each known by the number of its slot. Lanes of one kind can be
/// merged in any order and grouping with the same result. Not thread-safe.
protocol AccumulatorLanes: AnyObject {
  /// Makes room for more slots, all of them empty.
  func grow(to slotCount: Int)
  /// Adds row `rows[i]` to slot `slots[i]`, for all of them; null rows change nothing.
  /// - Precondition: the column is wide (`widened`).
  func add(
    _ column: ColumnVector, rows: UnsafeBufferPointer<UInt32>, slots: UnsafeBufferPointer<UInt32>)
  /// Adds what slot `sources[i]` of another has to slot `targets[i]`, for all of them.
  /// - Precondition: the other is of the same kind.
  func merge(_ sources: [UInt32], of other: any AccumulatorLanes, into targets: [UInt32])
  /// Makes a slot empty.
  func clear(_ slot: Int)
  /// Appends the result of a slot to a column of the result.
  func append(_ slot: Int, to builder: ColumnBuilder)
  func encode(_ slot: Int, to writer: inout ByteWriter)
  /// Reads into a slot that is empty.
  func decode(_ slot: Int, from reader: inout ByteReader) throws
}

extension WindowAggregate.Function {
  /// - Parameter type: of its column; nil for COUNT(*).
  func makeLanes(of type: DataType?) -> any AccumulatorLanes {
    guard let type else { return RowCountLanes() }
    switch self {
    case .count: return ValueCountLanes()
    case .countDistinct: return DistinctLanes(type: type)
    case .sum, .average:
      let isAverage = self == .average
      return type.isFloating
        ? FloatSumLanes(isAverage: isAverage)
        : IntegerSumLanes(scale: type.scale, isAverage: isAverage)
    case .min, .max:
      let isMax = self == .max
      if type == .string { return TextExtremeLanes(isMax: isMax) }
      return type.isFloating
        ? FloatExtremeLanes(isMax: isMax) : IntegerExtremeLanes(isMax: isMax, type: type)
    }
  }
}

extension AccumulatorLanes {
  /// The other as lanes of this kind.
  func sameKind(_ other: any AccumulatorLanes) -> Self {
    guard let other = other as? Self else { preconditionFailure("lanes of another aggregate") }
    return other
  }
}

extension ByteReader {
  /// A byte that is 0 or 1.
  mutating func readFlag(_ what: String) throws -> Bool {
    let place = self
    let byte = try read(UInt8.self, what)
    guard byte <= 1 else { throw place.corrupt(what, expected: "0 or 1", found: "\(byte)") }
    return byte == 1
  }

  mutating func readInt128(_ what: String) throws -> Int128 { try read(Int128.self, what) }

  /// A count that is not negative.
  mutating func readTally(_ what: String) throws -> Int64 {
    let place = self
    let count = try readVarint(what)
    guard let count = Int64(exactly: count) else {
      throw place.corrupt(what, expected: "at most 63 bits", found: "\(count)")
    }
    return count
  }
}
