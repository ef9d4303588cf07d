import ScanKernels
import StorageBase

/// MIN and MAX of integer-like columns.
final class IntegerExtremeLanes: AccumulatorLanes {
  private let isMax: Bool
  private let range: ClosedRange<Int128>
  private var values: [Int128] = []
  private var isSet: [Bool] = []

  init(isMax: Bool, type: DataType) {
    self.isMax = isMax
    range = type.integerRange ?? 0...0
  }

  func grow(to slotCount: Int) {
    let more = max(0, slotCount - values.count)
    values += repeatElement(0, count: more)
    isSet += repeatElement(false, count: more)
  }

  func add(
    _ column: ColumnVector, rows: UnsafeBufferPointer<UInt32>, slots: UnsafeBufferPointer<UInt32>
  ) {
    switch column.type.physical {
    case .int8: add(column, Int8.self, rows, slots)
    case .int16: add(column, Int16.self, rows, slots)
    case .int32: add(column, Int32.self, rows, slots)
    case .int64: add(column, Int64.self, rows, slots)
    case .int128: add(column, Int128.self, rows, slots)
    case .float32, .float64, .bytes: preconditionFailure("no integers in a \(column.type)")
    }
  }

  private func add<T: FixedWidthInteger & BitwiseCopyable>(
    _ column: ColumnVector, _: T.Type, _ rows: UnsafeBufferPointer<UInt32>,
    _ slots: UnsafeBufferPointer<UInt32>
  ) {
    let (source, nulls) = (column.values(as: T.self), column.nulls)
    for index in 0..<rows.count {
      let row = Int(rows[index])
      if let nulls, nulls[row] { continue }
      take(Int128(truncatingIfNeeded: source[row]), Int(slots[index]))
    }
  }

  @inline(__always) private func take(_ value: Int128, _ slot: Int) {
    if !isSet[slot] || (isMax ? value > values[slot] : value < values[slot]) {
      values[slot] = value
      isSet[slot] = true
    }
  }

  func merge(_ sources: [UInt32], of other: any AccumulatorLanes, into targets: [UInt32]) {
    let other = sameKind(other)
    for (source, target) in zip(sources, targets) where other.isSet[Int(source)] {
      take(other.values[Int(source)], Int(target))
    }
  }

  func clear(_ slot: Int) { (values[slot], isSet[slot]) = (0, false) }

  func append(_ slot: Int, to builder: ColumnBuilder) {
    if isSet[slot] { builder.append(wide: values[slot]) } else { builder.appendNull() }
  }

  func encode(_ slot: Int, to writer: inout ByteWriter) {
    writer.append(UInt8(isSet[slot] ? 1 : 0))
    if isSet[slot] { writer.append(values[slot]) }
  }

  func decode(_ slot: Int, from reader: inout ByteReader) throws {
    guard try reader.readFlag("presence of an extreme") else { return }
    let place = reader
    let value = try reader.readInt128("extreme")
    guard range.contains(value) else {
      throw place.corrupt("extreme", expected: "a value of its column's type", found: "\(value)")
    }
    take(value, slot)
  }
}

/// MIN and MAX of floating-point columns; NaN comes after every number.
final class FloatExtremeLanes: AccumulatorLanes {
  private let isMax: Bool
  private var values: [Double?] = []

  init(isMax: Bool) { self.isMax = isMax }

  func grow(to slotCount: Int) {
    values += repeatElement(nil, count: max(0, slotCount - values.count))
  }

  func add(
    _ column: ColumnVector, rows: UnsafeBufferPointer<UInt32>, slots: UnsafeBufferPointer<UInt32>
  ) {
    let doubles = column.doubles
    let (source, nulls) = (doubles.values(as: Double.self), column.nulls)
    for index in 0..<rows.count {
      let row = Int(rows[index])
      if let nulls, nulls[row] { continue }
      take(source[row], Int(slots[index]))
    }
  }

  private func take(_ value: Double, _ slot: Int) {
    // The two zeros are equal; one of them stands for both, whichever came first.
    let value = value == 0 ? 0 : value
    guard let present = values[slot] else {
      values[slot] = value
      return
    }
    let isLess = value.isNaN ? false : present.isNaN || value < present
    let isGreater = value.isNaN ? !present.isNaN : value > present
    if isMax ? isGreater : isLess { values[slot] = value }
  }

  func merge(_ sources: [UInt32], of other: any AccumulatorLanes, into targets: [UInt32]) {
    let other = sameKind(other)
    for (source, target) in zip(sources, targets) {
      if let value = other.values[Int(source)] { take(value, Int(target)) }
    }
  }

  func clear(_ slot: Int) { values[slot] = nil }

  func append(_ slot: Int, to builder: ColumnBuilder) {
    if let value = values[slot] { builder.append(floating: value) } else { builder.appendNull() }
  }

  func encode(_ slot: Int, to writer: inout ByteWriter) {
    writer.append(UInt8(values[slot] == nil ? 0 : 1))
    if let value = values[slot] { writer.append(value) }
  }

  func decode(_ slot: Int, from reader: inout ByteReader) throws {
    guard try reader.readFlag("presence of an extreme") else { return }
    take(try reader.readDouble("extreme"), slot)
  }
}

/// MIN and MAX of strings, by their bytes.
final class TextExtremeLanes: AccumulatorLanes {
  private let isMax: Bool
  private var values: [[UInt8]?] = []

  init(isMax: Bool) { self.isMax = isMax }

  func grow(to slotCount: Int) {
    values += repeatElement(nil, count: max(0, slotCount - values.count))
  }

  func add(
    _ column: ColumnVector, rows: UnsafeBufferPointer<UInt32>, slots: UnsafeBufferPointer<UInt32>
  ) {
    for index in 0..<rows.count {
      let row = Int(rows[index])
      if !column.isNull(row) { take(column.bytes(at: row), Int(slots[index])) }
    }
  }

  /// Copies the bytes only where they are the new extreme.
  private func take(_ bytes: UnsafeRawBufferPointer, _ slot: Int) {
    if let present = values[slot] {
      let isBetter =
        isMax
        ? present.lexicographicallyPrecedes(bytes) : bytes.lexicographicallyPrecedes(present)
      if !isBetter { return }
    }
    values[slot] = Array(bytes)
  }

  func merge(_ sources: [UInt32], of other: any AccumulatorLanes, into targets: [UInt32]) {
    let other = sameKind(other)
    for (source, target) in zip(sources, targets) {
      other.values[Int(source)]?.withUnsafeBytes { take($0, Int(target)) }
    }
  }

  func clear(_ slot: Int) { values[slot] = nil }

  func append(_ slot: Int, to builder: ColumnBuilder) {
    if let value = values[slot] {
      value.withUnsafeBytes { builder.append(bytes: $0) }
    } else {
      builder.appendNull()
    }
  }

  func encode(_ slot: Int, to writer: inout ByteWriter) {
    writer.append(UInt8(values[slot] == nil ? 0 : 1))
    guard let value = values[slot] else { return }
    writer.appendVarint(UInt64(value.count))
    writer.append(contentsOf: value)
  }

  func decode(_ slot: Int, from reader: inout ByteReader) throws {
    guard try reader.readFlag("presence of an extreme") else { return }
    values[slot] = Array(
      try reader.readString("extreme", atMost: Limits.stringByteCountMax).utf8)
  }
}
