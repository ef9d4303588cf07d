import ScanKernels
import StorageBase

extension RowEvaluator {
  func concatenated(_ parts: [ColumnVector]) -> ColumnVector {
    let nulls = parts.reduce(nil as Bitmap?) { union($0, $1.nulls) }
    if count == 0 { return ColumnBuilder(type: .string).finish() }
    let texts = parts.map { TextLanes($0) }
    // The end of the text of each row; while parts are copied, of what it has so far.
    let ends = AlignedBuffer(byteCount: (count + 1) * 4, zeroed: true)
    let offsets = ends.mutableValues(as: UInt32.self)
    for part in texts {
      for row in 0..<count where !(nulls?[row] ?? false) {
        offsets[row + 1] &+= UInt32(truncatingIfNeeded: part[row].count)
      }
    }
    var total = 0
    for row in 1...count {
      let length = Int(offsets[row])
      offsets[row] = UInt32(truncatingIfNeeded: total)
      total += length
    }
    precondition(total <= Int(UInt32.max), "strings of more than 4 GiB")
    let buffer = AlignedBuffer(byteCount: total)
    if let target = buffer.mutableBytes.baseAddress {
      for part in texts {
        for row in 0..<count where !(nulls?[row] ?? false) {
          let bytes = part[row]
          if let source = bytes.baseAddress {
            (target + Int(offsets[row + 1])).copyMemory(from: source, byteCount: bytes.count)
          }
          offsets[row + 1] &+= UInt32(truncatingIfNeeded: bytes.count)
        }
      }
    }
    let table = StringTable(count: count, offsets: ends, bytes: buffer)
    return ColumnVector(type: .string, count: count, body: .strings(table), nulls: nulls)
  }

  static func text(
    _ function: BoundRowExpression.TextFunction, _ vector: ColumnVector
  ) -> ColumnVector {
    switch function {
    case .lower: return vector.inCase(first: UInt8(ascii: "A"))
    case .upper: return vector.inCase(first: UInt8(ascii: "a"))
    case .trim: return vector.cut { TextParts.trimmed($0) }
    case .substring(let start, let length):
      return vector.cut { TextParts.scalars($0, start: start, length: length) }
    case .length:
      let buffer = AlignedBuffer(byteCount: vector.count * 8, zeroed: true)
      let target = buffer.mutableValues(as: Int64.self)
      let texts = TextLanes(vector)
      for row in 0..<vector.count where !vector.isNull(row) {
        target[row] = Int64(TextParts.scalarCount(texts[row]))
      }
      return ColumnVector(
        type: .int64, count: vector.count, body: .fixed(buffer), nulls: vector.nulls)
    }
  }

  static func time(
    _ function: BoundRowExpression.TimeFunction, _ vector: ColumnVector, _ type: DataType
  ) -> ColumnVector {
    guard case .narrow(let lanes) = IntegerLanes(vector) else { return vector }
    let values = lanes.values(as: Int64.self)
    let buffer = AlignedBuffer(byteCount: vector.count * type.physical.width, zeroed: true)
    for row in 0..<vector.count where !vector.isNull(row) {
      let result: Int64
      switch function {
      case .truncate(let unit):
        result =
          vector.type == .date ? unit.start(ofDay: values[row]) : unit.start(of: values[row])
      case .part(let part):
        result = self.part(part, of: values[row], isDate: vector.type == .date)
      }
      buffer.store(Int128(result), at: row, as: type.physical)
    }
    return ColumnVector(type: type, count: vector.count, body: .fixed(buffer), nulls: vector.nulls)
  }

  private static func part(
    _ part: RowExpression.Function, of value: Int64, isDate: Bool
  ) -> Int64 {
    let day = isDate ? value : value.flooredDivision(by: ValueText.microsecondsPerDay)
    let clock = isDate ? 0 : (value &- day &* ValueText.microsecondsPerDay) / 60_000_000
    switch part {
    case .hour: return clock / 60
    case .minute: return clock % 60
    default: break
    }
    let date = CivilDate(daysSinceEpoch: Int(day))
    switch part {
    case .year: return Int64(date.year)
    case .month: return Int64(date.month)
    default: return Int64(date.day)
    }
  }

  func hashed(_ parts: [ColumnVector]) -> ColumnVector {
    let buffer = AlignedBuffer(byteCount: count * 8, zeroed: true)
    let target = buffer.mutableValues(as: UInt64.self)
    for part in parts {
      switch part.type.physical {
      case .bytes:
        let texts = TextLanes(part)
        for row in 0..<count where !part.isNull(row) {
          target[row] ^= TextParts.hash(texts[row])
        }
      case .float32, .float64:
        let doubles = part.doubles
        let values = doubles.values(as: Double.self)
        for row in 0..<count where !part.isNull(row) {
          target[row] ^= mixBits(values[row] == 0 ? 0 : values[row].bitPattern)
        }
      default:
        let lanes = IntegerLanes(part).widened
        for row in 0..<count where !part.isNull(row) {
          let value = UInt128(truncatingIfNeeded: lanes.values[row])
          target[row] ^= mixBits(
            UInt64(truncatingIfNeeded: value) ^ mixBits(UInt64(truncatingIfNeeded: value >> 64)))
        }
      }
      for row in 0..<count { target[row] = mixBits(target[row] &+ 0x9E37_79B9_7F4A_7C15) }
    }
    return ColumnVector(type: .int64, count: count, body: .fixed(buffer))
  }
}

extension ColumnVector {
  /// The letters from `first` on, which are 26 of ASCII, in the other case.
  func inCase(first: UInt8) -> ColumnVector {
    let texts = TextLanes(self)
    return mapped(
      longest: { texts[$0].count },
      { row, target in
        let source = texts[row]
        for index in 0..<source.count {
          let byte = source[index]
          target[index] = byte &- first < 26 ? byte ^ 0x20 : byte
        }
        return source.count
      })
  }
}

/// Parts of texts, as ranges of their bytes.
enum TextParts {
  /// Without spaces, tabs and line ends at both ends.
  static func trimmed(_ bytes: UnsafeRawBufferPointer) -> Range<Int> {
    var (low, high) = (0, bytes.count)
    while low < high, isBlank(bytes[low]) { low += 1 }
    while low < high, isBlank(bytes[high - 1]) { high -= 1 }
    return low..<high
  }

  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == 0x20 || (0x09...0x0D).contains(byte)
  }

  /// - Parameter start: from 1.
  static func scalars(
    _ bytes: UnsafeRawBufferPointer, start: Int, length: Int?
  ) -> Range<Int> {
    let low = offset(ofScalar: start - 1, bytes, from: 0)
    guard let length else { return low..<bytes.count }
    return low..<offset(ofScalar: length, bytes, from: low)
  }

  /// The offset of what follows so many scalars from a place on; the end where there are fewer.
  static func offset(ofScalar count: Int, _ bytes: UnsafeRawBufferPointer, from: Int) -> Int {
    var (index, rest) = (from, count)
    while index < bytes.count {
      if bytes[index] & 0xC0 != 0x80 {
        if rest == 0 { return index }
        rest -= 1
      }
      index += 1
    }
    return bytes.count
  }

  static func scalarCount(_ bytes: UnsafeRawBufferPointer) -> Int {
    var count = 0
    for byte in bytes where byte & 0xC0 != 0x80 { count += 1 }
    return count
  }

  static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    var hash = mixBits(UInt64(bytes.count) ^ 0xA076_1D64_78BD_642F)
    var index = 0
    while index &+ 8 <= bytes.count {
      hash = mixBits(hash ^ bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
      index &+= 8
    }
    var (rest, shift): (UInt64, UInt64) = (0, 0)
    while index < bytes.count {
      rest |= UInt64(bytes[index]) &<< shift
      shift += 8
      index &+= 1
    }
    return mixBits(hash ^ rest)
  }
}
