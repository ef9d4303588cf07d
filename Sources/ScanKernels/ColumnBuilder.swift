import StorageBase

/// Collects the rows of one column, growing as needed. Not thread-safe.
///
/// Fixed-width columns take `append(integer:)` or `append(floating:)`, string columns
/// `append(bytes:)`; all take `appendNull()`. Amortised O(1) per value.
public final class ColumnBuilder {
  public let type: DataType
  public private(set) var count = 0
  private let physical: PhysicalType
  private var fixed: UnsafeMutableRawPointer
  private var capacity: Int
  private var offsets: [UInt32] = [0]
  private var heap: [UInt8] = []
  private var nullRows: [Int] = []

  public init(type: DataType, capacity: Int = 16) {
    self.type = type
    physical = type.physical
    self.capacity = max(1, capacity)
    fixed = .allocate(byteCount: self.capacity * max(1, physical.width), alignment: 64)
    if physical == .bytes { offsets.reserveCapacity(capacity + 1) }
  }

  deinit { fixed.deallocate() }

  /// Bytes of values held so far.
  public var byteCount: Int { physical == .bytes ? heap.count + count * 4 : count * physical.width }

  @inline(__always) private func slot() -> UnsafeMutableRawPointer {
    if count == capacity { grow(to: count + 1) }
    defer { count &+= 1 }
    return fixed + count &* physical.width
  }

  @inline(never) private func grow(to required: Int) {
    let larger = max(required, capacity * 2)
    let moved = UnsafeMutableRawPointer.allocate(
      byteCount: larger * max(1, physical.width), alignment: 64)
    moved.copyMemory(from: fixed, byteCount: count * physical.width)
    fixed.deallocate()
    fixed = moved
    capacity = larger
  }

  /// - Precondition: the column is of an integer type and holds `integer` without loss.
  public func append(integer: Int64) {
    switch physical {
    case .int8: slot().storeBytes(of: Int8(integer), as: Int8.self)
    case .int16: slot().storeBytes(of: Int16(integer), as: Int16.self)
    case .int32: slot().storeBytes(of: Int32(integer), as: Int32.self)
    case .int64: slot().storeBytes(of: integer, as: Int64.self)
    case .int128: slot().storeBytes(of: Int128(integer), as: Int128.self)
    case .float32, .float64, .bytes: preconditionFailure("an integer for a column of \(type)")
    }
  }

  /// - Precondition: the column is of an integer type and holds `wide` without loss.
  public func append(wide: Int128) {
    if physical == .int128 {
      slot().storeBytes(of: wide, as: Int128.self)
    } else {
      append(integer: Int64(wide))
    }
  }

  /// - Precondition: the column is of type float or double.
  public func append(floating: Double) {
    switch physical {
    case .float32: slot().storeBytes(of: Float(floating), as: Float.self)
    case .float64: slot().storeBytes(of: floating, as: Double.self)
    default: preconditionFailure("a floating-point number for a column of \(type)")
    }
  }

  /// - Precondition: the column is of type string.
  public func append(bytes: UnsafeRawBufferPointer) {
    precondition(physical == .bytes, "a string for a column of \(type)")
    heap.append(contentsOf: bytes)
    offsets.append(UInt32(heap.count))
    count += 1
  }

  public func append(string: String) {
    var copy = string
    copy.withUTF8 { append(bytes: UnsafeRawBufferPointer($0)) }
  }

  public func appendNull() {
    nullRows.append(count)
    if physical == .bytes {
      offsets.append(UInt32(heap.count))
      count += 1
    } else {
      UnsafeMutableRawBufferPointer(start: slot(), count: physical.width)
        .initializeMemory(as: UInt8.self, repeating: 0)
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
      if count + range.count > capacity { grow(to: count + range.count) }
      let source = buffer.bytes.baseAddress! + range.lowerBound * physical.width
      (fixed + count * physical.width).copyMemory(
        from: source, byteCount: range.count * physical.width)
    case .strings(let table):
      appendStrings(of: table, rows: range)
    case .coded:
      for row in range {
        heap.append(contentsOf: vector.bytes(at: row))
        offsets.append(UInt32(heap.count))
      }
    }
    count += range.count
  }

  private func appendStrings(of table: StringTable, rows range: Range<Int>) {
    guard !range.isEmpty else { return }
    let bounds = table.offsets.values(as: UInt32.self)
    let start = bounds[range.lowerBound]
    let shift = UInt32(heap.count) &- start
    heap.append(contentsOf: table.bytes.bytes[Int(start)..<Int(bounds[range.upperBound])])
    for row in range { offsets.append(bounds[row + 1] &+ shift) }
  }

  /// What was collected, as a vector; the builder is empty afterwards and can be used again.
  public func finish() -> ColumnVector {
    var nulls: Bitmap?
    if !nullRows.isEmpty {
      let bitmap = Bitmap(count: count)
      for row in nullRows { bitmap.set(row) }
      nulls = bitmap
    }
    let body: ColumnVector.Body
    if physical == .bytes {
      body = .strings(StringTable(count: count, offsets: .of(offsets), bytes: .of(heap)))
    } else {
      let bytes = UnsafeRawBufferPointer(start: fixed, count: count * physical.width)
      body = .fixed(.copy(of: bytes))
    }
    let vector = ColumnVector(type: type, count: count, body: body, nulls: nulls)
    count = 0
    offsets.removeAll(keepingCapacity: true)
    offsets.append(0)
    heap.removeAll(keepingCapacity: true)
    nullRows.removeAll(keepingCapacity: true)
    return vector
  }
}
