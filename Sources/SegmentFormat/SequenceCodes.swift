import ScanKernels
import StorageBase

/// Values of a sequence column as unsigned numbers of 64 bits of the same order: of rows with one
/// key the one with the greatest counts.
public enum SequenceCodes {
  /// Whether a column of the type can be one: 64 bits are enough for its values.
  public static func canEncode(_ type: DataType) -> Bool {
    switch type.physical {
    case .int8, .int16, .int32, .int64, .float32, .float64: true
    case .int128, .bytes: false
    }
  }

  /// A `UInt64` for each row, 0 for null: not above that of any value.
  /// - Precondition: `canEncode` its type.
  public static func codes(of vector: ColumnVector) -> AlignedBuffer {
    let wide = vector.widened()
    let codes = AlignedBuffer(byteCount: wide.count * 8)
    let target = codes.mutableValues(as: UInt64.self)
    switch wide.type.physical {
    case .int8: fill(target, wide.values(as: Int8.self)) { Int64($0) }
    case .int16: fill(target, wide.values(as: Int16.self)) { Int64($0) }
    case .int32: fill(target, wide.values(as: Int32.self)) { Int64($0) }
    case .int64: fill(target, wide.values(as: Int64.self)) { $0 }
    case .float32:
      fill(target, wide.values(as: Float.self)) { SortKeyBytes.orderedInteger(Double($0)) }
    case .float64:
      fill(target, wide.values(as: Double.self)) { SortKeyBytes.orderedInteger($0) }
    case .int128, .bytes: preconditionFailure("a sequence column of type \(vector.type)")
    }
    wide.nulls?.forEachSet { target[$0] = 0 }
    return codes
  }

  @inline(__always)
  private static func fill<T: BitwiseCopyable>(
    _ target: UnsafeMutableBufferPointer<UInt64>, _ values: UnsafeBufferPointer<T>,
    _ integer: (T) -> Int64
  ) {
    for row in values.indices {
      target[row] = UInt64(bitPattern: integer(values[row])) ^ (1 << 63)
    }
  }
}
