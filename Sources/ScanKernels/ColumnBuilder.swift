import StorageBase

/// Collects the rows of one column, growing as needed. Not thread-safe.
///
/// Fixed-width columns take `append(integer:)` or `append(floating:)`, string columns
/// `append(bytes:)`; all take `appendNull()`. Amortised O(1) per value.
public final class ColumnBuilder {
  public let type: DataType
  let physical: PhysicalType
  // The properties change with every value. A class checks each access for overlap at run time,
  // which costs more than the append; no method here holds one of them while it calls out.
  @exclusivity(unchecked) public internal(set) var count = 0
  /// Values of fixed width; or 0 and the end offsets of strings.
  @exclusivity(unchecked) var values: GrowingBytes
  /// The bytes of strings.
  @exclusivity(unchecked) var heap: GrowingBytes
  @exclusivity(unchecked) var nullRows: [Int] = []

  public init(type: DataType, capacity: Int = 16) {
    self.type = type
    physical = type.physical
    let isString = physical == .bytes
    values = GrowingBytes(capacity: max(1, capacity) * (isString ? 4 : physical.width))
    heap = GrowingBytes(capacity: isString ? max(1, capacity) * 8 : 0)
    startOffsets()
  }

  private func startOffsets() {
    if physical == .bytes { values.extend(by: 4).storeBytes(of: 0, as: UInt32.self) }
  }

  deinit {
    values.deallocate()
    heap.deallocate()
  }

  /// Bytes of values held so far.
  public var byteCount: Int { values.count + heap.count - (physical == .bytes ? 4 : 0) }

  /// Room for one more value of fixed width.
  @inline(__always) private func slot(_ width: Int) -> UnsafeMutableRawPointer {
    count &+= 1
    return values.extend(by: width)
  }

  /// - Precondition: the column is of an integer type and holds `integer` without loss.
  public func append(integer: Int64) {
    switch physical {
    case .int8: slot(1).storeBytes(of: Int8(integer), as: Int8.self)
    case .int16: slot(2).storeBytes(of: Int16(integer), as: Int16.self)
    case .int32: slot(4).storeBytes(of: Int32(integer), as: Int32.self)
    case .int64: slot(8).storeBytes(of: integer, as: Int64.self)
    case .int128: slot(16).storeBytes(of: Int128(integer), as: Int128.self)
    case .float32, .float64, .bytes: preconditionFailure("an integer for a column of \(type)")
    }
  }

  /// - Precondition: the column is of an integer type and holds `wide` without loss.
  public func append(wide: Int128) {
    if physical == .int128 {
      slot(16).storeBytes(of: wide, as: Int128.self)
    } else {
      append(integer: Int64(wide))
    }
  }

  /// - Precondition: the column is of type float or double.
  public func append(floating: Double) {
    switch physical {
    case .float32: slot(4).storeBytes(of: Float(floating), as: Float.self)
    case .float64: slot(8).storeBytes(of: floating, as: Double.self)
    default: preconditionFailure("a floating-point number for a column of \(type)")
    }
  }

  /// - Precondition: the column is of type string, and its strings have fewer than 2^32 bytes
  ///   together.
  public func append(bytes: UnsafeRawBufferPointer) {
    precondition(physical == .bytes, "a string for a column of \(type)")
    if let source = bytes.baseAddress {
      heap.extend(by: bytes.count).copyMemory(from: source, byteCount: bytes.count)
    }
    appendEndOffset()
  }

  @inline(__always) private func appendEndOffset() {
    slot(4).storeBytes(of: UInt32(heap.count), as: UInt32.self)
  }

  public func append(string: String) {
    var copy = string
    copy.withUTF8 { append(bytes: UnsafeRawBufferPointer($0)) }
  }

  public func appendNull() {
    nullRows.append(count)
    if physical == .bytes {
      appendEndOffset()
    } else {
      slot(physical.width).initializeMemory(
        as: UInt8.self, repeating: 0, count: physical.width)
    }
  }

  /// - Precondition: the value is of the column's type.
  public func append(_ value: Value) {
    switch value {
    case .null: appendNull()
    case .integer(let integer): append(wide: integer)
    case .floating(let number): append(floating: number)
    case .string(let text): append(string: text)
    }
  }

  /// Appends rows `range` of `vector`; linear in the bytes copied.
  /// - Precondition: the vector is of the column's type.
  public func append(_ vector: ColumnVector, rows range: Range<Int>) {
    precondition(vector.type == type)
    if let nulls = vector.nulls {
      for row in range where nulls[row] { nullRows.append(count + row - range.lowerBound) }
    }
    switch vector.body {
    case .fixed(let buffer):
      let width = physical.width
      let byteCount = range.count * width
      values.extend(by: byteCount).copyMemory(
        from: buffer.bytes.baseAddress! + range.lowerBound * width, byteCount: byteCount)
      count += range.count
    case .strings(let table): appendStrings(of: table, rows: range)
    case .coded, .byteCoded: for row in range { append(bytes: vector.bytes(at: row)) }
    case .offsets(let offsets): for row in range { append(integer: offsets[row]) }
    }
  }

  private func appendStrings(of table: StringTable, rows range: Range<Int>) {
    let bounds = table.offsets.values(as: UInt32.self)
    let start = bounds[range.lowerBound]
    let shift = UInt32(heap.count) &- start
    let byteCount = Int(bounds[range.upperBound] - start)
    precondition(heap.count + byteCount <= Int(UInt32.max), "strings of more than 4 GiB")
    heap.extend(by: byteCount).copyMemory(
      from: table.bytes.bytes.baseAddress! + Int(start), byteCount: byteCount)
    let target = values.extend(by: range.count * 4).assumingMemoryBound(to: UInt32.self)
    for (index, row) in range.enumerated() { target[index] = bounds[row &+ 1] &+ shift }
    count += range.count
  }

  /// What was collected, as a vector; the builder is empty afterwards and can be used again.
  public func finish() -> ColumnVector {
    var nulls: Bitmap?
    if !nullRows.isEmpty {
      let bitmap = Bitmap(count: count)
      for row in nullRows { bitmap.set(row) }
      nulls = bitmap
    }
    let vector = ColumnVector(type: type, count: count, body: finishedBody(), nulls: nulls)
    count = 0
    nullRows.removeAll(keepingCapacity: true)
    startOffsets()
    return vector
  }

  private func finishedBody() -> ColumnVector.Body {
    guard physical == .bytes else { return .fixed(values.finish()) }
    return .strings(StringTable(count: count, offsets: values.finish(), bytes: heap.finish()))
  }
}
