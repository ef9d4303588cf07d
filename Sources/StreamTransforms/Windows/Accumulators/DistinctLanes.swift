import ScanKernels
import StorageBase

/// COUNT(DISTINCT …), exact. A value is known by 64 bits: itself, or the number of its bytes in an
/// interner that all slots share.
final class DistinctLanes: AccumulatorLanes {
  private let type: DataType
  private var sets: [Set<UInt64>] = []
  private var interner = StringInterner()
  /// Elements of all sets together.
  private var elementCount = 0

  /// Interned values beside so many elements are not worth looking for those without a set.
  private static let wasteMin = 1024

  init(type: DataType) { self.type = type }

  private var isInterned: Bool { type.physical == .bytes || type.physical == .int128 }

  func grow(to slotCount: Int) {
    sets += repeatElement([], count: max(0, slotCount - sets.count))
  }

  func add(
    _ column: ColumnVector, rows: UnsafeBufferPointer<UInt32>, slots: UnsafeBufferPointer<UInt32>
  ) {
    switch type.physical {
    case .bytes:
      for index in 0..<rows.count {
        let row = Int(rows[index])
        if column.isNull(row) { continue }
        insert(UInt64(interner.number(of: column.bytes(at: row))), Int(slots[index]))
      }
    case .float32, .float64:
      let doubles = column.doubles
      add(doubles, doubles.values(as: Double.self), rows, slots) { Self.bits(of: $0) }
    case .int128:
      let values = column.values(as: Int128.self)
      for index in 0..<rows.count {
        let row = Int(rows[index])
        if column.isNull(row) { continue }
        let number = withUnsafeBytes(of: values[row].littleEndian) { interner.number(of: $0) }
        insert(UInt64(number), Int(slots[index]))
      }
    case .int8, .int16, .int32, .int64:
      guard case .narrow(let lanes) = IntegerLanes(column) else { return }
      add(lanes, lanes.values(as: Int64.self), rows, slots) { UInt64(bitPattern: $0) }
    }
  }

  @inline(__always) private func add<T>(
    _ column: ColumnVector, _ values: UnsafeBufferPointer<T>,
    _ rows: UnsafeBufferPointer<UInt32>, _ slots: UnsafeBufferPointer<UInt32>,
    code: (T) -> UInt64
  ) {
    let nulls = column.nulls
    for index in 0..<rows.count {
      let row = Int(rows[index])
      if let nulls, nulls[row] { continue }
      insert(code(values[row]), Int(slots[index]))
    }
  }

  /// One pattern for both zeros, and one for all NaNs.
  private static func bits(of number: Double) -> UInt64 {
    number.isNaN ? Double.nan.bitPattern : (number == 0 ? 0 : number).bitPattern
  }

  @inline(__always) private func insert(_ code: UInt64, _ slot: Int) {
    if sets[slot].insert(code).inserted { elementCount += 1 }
  }

  func merge(_ sources: [UInt32], of other: any AccumulatorLanes, into targets: [UInt32]) {
    let other = sameKind(other)
    for (source, target) in zip(sources, targets) {
      for code in other.sets[Int(source)] {
        insert(isInterned && other !== self ? translated(code, of: other) : code, Int(target))
      }
    }
  }

  private func translated(_ code: UInt64, of other: DistinctLanes) -> UInt64 {
    other.interner.string(UInt32(code)).withUnsafeBytes { UInt64(interner.number(of: $0)) }
  }

  func clear(_ slot: Int) {
    elementCount -= sets[slot].count
    sets[slot] = []
    if isInterned, interner.count > 2 * elementCount + Self.wasteMin { reintern() }
  }

  /// Forgets the values that are in no set any more.
  private func reintern() {
    let old = interner
    interner = StringInterner()
    for slot in sets.indices {
      sets[slot] = Set(
        sets[slot].map { code in
          old.string(UInt32(code)).withUnsafeBytes { UInt64(interner.number(of: $0)) }
        })
    }
  }

  func append(_ slot: Int, to builder: ColumnBuilder) {
    builder.append(integer: Int64(sets[slot].count))
  }

  /// The values in ascending order, so that equal states have equal bytes.
  func encode(_ slot: Int, to writer: inout ByteWriter) {
    writer.appendVarint(UInt64(sets[slot].count))
    guard isInterned else {
      for code in sets[slot].sorted() { writer.append(code) }
      return
    }
    let values = sets[slot].map { interner.string(UInt32($0)) }
    for value in values.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
      writer.appendVarint(UInt64(value.count))
      writer.append(contentsOf: value)
    }
  }

  func decode(_ slot: Int, from reader: inout ByteReader) throws {
    let count = try reader.readCount("distinct values", atMost: reader.remaining)
    for _ in 0..<count {
      if isInterned {
        let length = try reader.readCount("distinct value", atMost: Limits.stringByteCountMax)
        insert(UInt64(interner.number(of: try reader.readBytes(length, "distinct value"))), slot)
      } else {
        insert(try reader.read(UInt64.self, "distinct value"), slot)
      }
    }
  }
}
