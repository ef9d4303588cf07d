import StorageBase

extension ColumnVector {
  /// The same rows as a column of a wider type. Linear in the rows, or O(1) where both types lie in
  /// memory alike and for `offsets` of up to 64 bits.
  /// - Precondition: the type of the vector is `wider`, or `DataType.widens` to it.
  public func converted(to wider: DataType) -> ColumnVector {
    precondition(type == wider || type.widens(to: wider), "\(type) is not widened to \(wider)")
    let (from, to) = (type.physical, wider.physical)
    if from == to { return ColumnVector(type: wider, count: count, body: body, nulls: nulls) }
    switch body {
    case .offsets where to != .int128:
      return ColumnVector(type: wider, count: count, body: body, nulls: nulls)
    case .offsets: return widened().converted(to: wider)
    case .fixed(let buffer):
      return ColumnVector(
        type: wider, count: count, body: .fixed(Self.convert(buffer, count, from, to)),
        nulls: nulls)
    case .strings, .coded, .byteCoded: preconditionFailure("strings are not widened")
    }
  }

  private static func convert(
    _ buffer: AlignedBuffer, _ count: Int, _ from: PhysicalType, _ to: PhysicalType
  ) -> AlignedBuffer {
    let result = AlignedBuffer(byteCount: count * to.width)
    switch (from, to) {
    case (.int8, .int16): convert(buffer, Int8.self, result, Int16.self, count)
    case (.int8, .int32): convert(buffer, Int8.self, result, Int32.self, count)
    case (.int8, .int64): convert(buffer, Int8.self, result, Int64.self, count)
    case (.int16, .int32): convert(buffer, Int16.self, result, Int32.self, count)
    case (.int16, .int64): convert(buffer, Int16.self, result, Int64.self, count)
    case (.int32, .int64): convert(buffer, Int32.self, result, Int64.self, count)
    case (.int64, .int128): convert(buffer, Int64.self, result, Int128.self, count)
    case (.float32, .float64):
      let (source, target) = (buffer.values(as: Float.self), result.mutableValues(as: Double.self))
      for row in 0..<count { target[row] = Double(source[row]) }
    default: preconditionFailure("\(from) is not widened to \(to)")
    }
    return result
  }

  @inline(__always)
  private static func convert<
    From: FixedWidthInteger & BitwiseCopyable, To: FixedWidthInteger & BitwiseCopyable
  >(_ buffer: AlignedBuffer, _: From.Type, _ result: AlignedBuffer, _: To.Type, _ count: Int) {
    let (source, target) = (buffer.values(as: From.self), result.mutableValues(as: To.self))
    for row in 0..<count { target[row] = To(truncatingIfNeeded: source[row]) }
  }
}
