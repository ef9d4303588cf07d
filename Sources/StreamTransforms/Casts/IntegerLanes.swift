import ScanKernels
import StorageBase

/// The integers of a column in lanes of one width: 64 bits, or 128 for decimals of more than 18
/// digits. Null rows hold zero. Valid while the column is held.
enum IntegerLanes {
  case narrow(ColumnVector)
  case wide(ColumnVector)

  /// - Precondition: the column is of an integer-like type: integers, bool, decimal, date or
  ///   datetime.
  init(_ vector: ColumnVector) {
    let vector = vector.widened()
    switch vector.type.physical {
    case .int64: self = .narrow(vector)
    case .int128: self = .wide(vector)
    case .int8: self = .narrow(Self.widen(vector, Int8.self))
    case .int16: self = .narrow(Self.widen(vector, Int16.self))
    case .int32: self = .narrow(Self.widen(vector, Int32.self))
    case .float32, .float64, .bytes: preconditionFailure("no integers in a \(vector.type)")
    }
  }

  private static func widen<T: FixedWidthInteger & BitwiseCopyable>(
    _ vector: ColumnVector, _: T.Type
  ) -> ColumnVector {
    let buffer = AlignedBuffer(byteCount: vector.count * 8)
    let (source, target) = (vector.values(as: T.self), buffer.mutableValues(as: Int64.self))
    for row in 0..<vector.count { target[row] = Int64(truncatingIfNeeded: source[row]) }
    return ColumnVector(
      type: .int64, count: vector.count, body: .fixed(buffer), nulls: vector.nulls)
  }

  /// All values as 128 bits.
  var widened: UnsafeLanes {
    switch self {
    case .wide(let vector): return UnsafeLanes(vector)
    case .narrow(let vector):
      let buffer = AlignedBuffer(byteCount: vector.count * 16)
      let (source, target) = (vector.values(as: Int64.self), buffer.mutableValues(as: Int128.self))
      for row in 0..<vector.count { target[row] = Int128(source[row]) }
      return UnsafeLanes(
        ColumnVector(
          type: .decimal(precision: 38, scale: 0), count: vector.count, body: .fixed(buffer),
          nulls: vector.nulls))
    }
  }

  /// Keeps the column while its 128-bit values are read.
  struct UnsafeLanes {
    let vector: ColumnVector

    init(_ vector: ColumnVector) { self.vector = vector }

    var values: UnsafeBufferPointer<Int128> { vector.values(as: Int128.self) }
  }
}

extension ColumnVector {
  /// The values of a numeric column as doubles; decimals divided by their scale.
  var doubles: ColumnVector {
    let vector = widened()
    switch vector.type {
    case .double: return vector
    case .float: return vector.converted(to: .double)
    default: break
    }
    let buffer = AlignedBuffer(byteCount: count * 8)
    let target = buffer.mutableValues(as: Double.self)
    var unit = 1.0
    if case .decimal(_, let scale) = type { unit = Double(powerOfTen(scale)) }
    switch IntegerLanes(vector) {
    case .narrow(let lanes):
      let source = lanes.values(as: Int64.self)
      for row in 0..<count { target[row] = Double(source[row]) / unit }
    case .wide(let lanes):
      let source = lanes.values(as: Int128.self)
      for row in 0..<count { target[row] = Double(source[row]) / unit }
    }
    return ColumnVector(type: .double, count: count, body: .fixed(buffer), nulls: nulls)
  }
}

extension DataType {
  /// The digits after the point of an integer-like type.
  var scale: Int {
    if case .decimal(_, let scale) = self { return scale }
    return 0
  }

  var isFloating: Bool { self == .float || self == .double }
  /// Integers, decimals and floating-point numbers.
  var isNumber: Bool {
    switch self {
    case .int8, .int16, .int32, .int64, .decimal, .float, .double: true
    case .bool, .date, .datetime, .string: false
    }
  }
}
