import StorageBase

extension ColumnVector {
  /// The same rows with other values in some of them, as a wide vector. Linear in the rows.
  /// - Parameters:
  ///   - rows: ascending, each once, in `0..<count`.
  ///   - values: of the same type.
  ///   - places: by replaced row, the row of `values` with its new value.
  public func replacing(
    _ rows: [UInt32], with values: ColumnVector, at places: [UInt32]
  ) -> ColumnVector {
    precondition(values.type == type && rows.count == places.count, "values for the rows")
    precondition(rows.allSatisfy { $0 < count }, "a row is not in 0..<\(count)")
    precondition(places.allSatisfy { $0 < values.count }, "a place without a value")
    let wide = widened()
    let others = values.widened()
    guard case .fixed(let buffer) = wide.body, case .fixed(let new) = others.body else {
      return wide.joined(others, rows, places)
    }
    let copy = AlignedBuffer(byteCount: buffer.byteCount)
    copy.mutableBytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer.bytes[...]))
    switch type.physical.width {
    case 1: Self.scatter(new, rows, places, into: copy, UInt8.self)
    case 2: Self.scatter(new, rows, places, into: copy, UInt16.self)
    case 4: Self.scatter(new, rows, places, into: copy, UInt32.self)
    case 8: Self.scatter(new, rows, places, into: copy, UInt64.self)
    default: Self.scatter(new, rows, places, into: copy, UInt128.self)
    }
    return ColumnVector(
      type: type, count: count, body: .fixed(copy), nulls: replacedNulls(rows, others, places))
  }

  private static func scatter<T: BitwiseCopyable>(
    _ values: AlignedBuffer, _ rows: [UInt32], _ places: [UInt32], into target: AlignedBuffer,
    _ type: T.Type
  ) {
    let source = values.values(as: T.self)
    let target = target.mutableValues(as: T.self)
    for index in rows.indices { target[Int(rows[index])] = source[Int(places[index])] }
  }

  private func replacedNulls(
    _ rows: [UInt32], _ values: ColumnVector, _ places: [UInt32]
  ) -> Bitmap? {
    guard nulls != nil || values.nulls != nil else { return nil }
    let result = Bitmap(count: count)
    if let nulls { result.formUnion(nulls) }
    let words = result.mutableWords
    for index in rows.indices {
      let row = Int(rows[index])
      let bit: UInt64 = 1 << UInt64(row & 63)
      words[row >> 6] &= ~bit
      if values.isNull(Int(places[index])) { words[row >> 6] |= bit }
    }
    return result.setCount == 0 ? nil : result
  }

  /// Strings: both one after the other, and rows of that.
  private func joined(
    _ values: ColumnVector, _ rows: [UInt32], _ places: [UInt32]
  ) -> ColumnVector {
    let new = values.gather(places)
    let builder = ColumnBuilder(type: type)
    builder.append(self, rows: 0..<count)
    builder.append(new, rows: 0..<new.count)
    var order = Array(0..<UInt32(count))
    for index in rows.indices { order[Int(rows[index])] = UInt32(count + index) }
    return builder.finish().gather(order)
  }
}
