import StorageBase

extension ColumnVector {
  /// The integers of the column; of 128-bit ones the low 64 bits.
  /// - Precondition: the column holds integers, and `target` has room for all rows.
  func widen(into target: UnsafeMutableBufferPointer<Int64>) {
    switch type.physical {
    case .int8: Self.widen(values(as: Int8.self), target)
    case .int16: Self.widen(values(as: Int16.self), target)
    case .int32: Self.widen(values(as: Int32.self), target)
    case .int64: Self.widen(values(as: Int64.self), target)
    case .int128: Self.widen(values(as: Int128.self), target)
    case .float32, .float64, .bytes: preconditionFailure("no integers in a column of \(type)")
    }
  }

  @inline(__always)
  private static func widen<T: FixedWidthInteger & BitwiseCopyable>(
    _ values: UnsafeBufferPointer<T>, _ target: UnsafeMutableBufferPointer<Int64>
  ) {
    for row in 0..<values.count { target[row] = Int64(truncatingIfNeeded: values[row]) }
  }
}
