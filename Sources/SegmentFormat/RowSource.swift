import ScanKernels
import StorageBase

/// A column whose rows are to become fields of rows, as borrowed memory.
struct RowSource {
  /// Values of fixed width.
  private let values: UnsafeRawPointer
  /// Of strings: where they begin and end, what they consist of, and codes when they are coded.
  private let offsets: UnsafePointer<UInt32>
  private let heap: UnsafeRawPointer
  private let codes: UnsafePointer<UInt32>?
  private let nulls: UnsafePointer<UInt64>?
  private let rowCount: Int

  /// - Precondition: the vector is not narrow, and is held as long as this.
  init(_ vector: ColumnVector) {
    let table: StringTable?
    let fixed: AlignedBuffer
    switch vector.body {
    case .fixed(let buffer): (fixed, table, codes) = (buffer, nil, nil)
    case .strings(let strings): (fixed, table, codes) = (strings.bytes, strings, nil)
    case .coded(let buffer, let dictionary):
      (fixed, table) = (buffer, dictionary)
      codes = buffer.values(as: UInt32.self).baseAddress
    case .byteCoded, .offsets: preconditionFailure("a narrow vector after it was widened")
    }
    values = fixed.bytes.baseAddress!
    heap = (table?.bytes ?? fixed).bytes.baseAddress!
    offsets = (table?.offsets ?? fixed).values(as: UInt32.self).baseAddress!
    nulls = vector.nulls?.words.baseAddress
    rowCount = vector.count
  }

  @inline(__always) func isNull(_ row: Int) -> Bool {
    guard let nulls else { return false }
    return nulls[row &>> 6] &>> UInt64(truncatingIfNeeded: row & 63) & 1 != 0
  }

  /// Bit i set for null of 64 rows from `row` on.
  @inline(__always) func nullWord(at row: Int) -> UInt64 {
    guard let nulls else { return 0 }
    let (index, shift) = (row &>> 6, UInt64(truncatingIfNeeded: row & 63))
    let low = nulls[index] &>> shift
    guard shift > 0, (index &+ 1) &* 64 < rowCount else { return low }
    return low | nulls[index &+ 1] &<< (64 &- shift)
  }

  /// The bytes of a string; none for null.
  @inline(__always) func text(_ row: Int) -> UnsafeRawBufferPointer {
    let entry = codes.map { Int($0[row]) } ?? row
    let start = Int(offsets[entry])
    let count = isNull(row) ? 0 : Int(offsets[entry &+ 1]) &- start
    return UnsafeRawBufferPointer(start: heap + start, count: count)
  }

  @inline(__always) func value<T: BitwiseCopyable>(_ row: Int, _ type: T.Type) -> T {
    values.load(fromByteOffset: row &* MemoryLayout<T>.stride, as: T.self)
  }

  func addLengths(_ rows: Range<Int>, to totals: UnsafeMutablePointer<Int>) {
    for index in 0..<rows.count { totals[index] &+= text(rows.lowerBound &+ index).count }
  }

  func setNulls(
    _ rows: Range<Int>, _ starts: UnsafePointer<Int>, _ memory: UnsafeMutableRawPointer, bit: Int
  ) {
    guard nulls != nil else { return }
    let flag: UInt8 = 1 << UInt8(bit % 8)
    for first in stride(from: 0, to: rows.count, by: 64) {
      var word = nullWord(at: rows.lowerBound + first)
      if rows.count - first < 64 { word &= (1 << UInt64(rows.count - first)) - 1 }
      while word != 0 {
        let place = memory + (starts[first &+ word.trailingZeroBitCount] &+ bit / 8)
        place.storeBytes(of: place.load(as: UInt8.self) | flag, as: UInt8.self)
        word &= word &- 1
      }
    }
  }

  /// Stores a value into each row; zero for null.
  @inline(__always)
  func store<T: FixedWidthInteger & BitwiseCopyable>(
    _ type: T.Type, _ rows: Range<Int>, _ starts: UnsafePointer<Int>,
    _ memory: UnsafeMutableRawPointer
  ) {
    if nulls == nil {
      for index in 0..<rows.count {
        let value = value(rows.lowerBound &+ index, T.self)
        (memory + starts[index]).storeBytes(of: value.littleEndian, as: T.self)
      }
      return
    }
    for index in 0..<rows.count {
      let row = rows.lowerBound &+ index
      let value = isNull(row) ? 0 : value(row, T.self)
      (memory + starts[index]).storeBytes(of: value.littleEndian, as: T.self)
    }
  }

  /// Whether a row is to be stored in a sparse row, as bits of 64 rows from `row` on.
  @inline(__always)
  func presence(at row: Int, count: Int, isNullable: Bool, width: Int) -> UInt64 {
    let all: UInt64 = count == 64 ? ~0 : (1 << UInt64(count)) - 1
    if isNullable { return ~nullWord(at: row) & all }
    switch width {
    case 0: return bits(count) { text(row &+ $0).count != 0 }
    case 1: return bits(count) { value(row &+ $0, UInt8.self) != 0 }
    case 2: return bits(count) { value(row &+ $0, UInt16.self) != 0 }
    case 4: return bits(count) { value(row &+ $0, UInt32.self) != 0 }
    case 8: return bits(count) { value(row &+ $0, UInt64.self) != 0 }
    default: return bits(count) { value(row &+ $0, UInt128.self) != 0 }
    }
  }

  @inline(__always) private func bits(_ count: Int, _ isSet: (Int) -> Bool) -> UInt64 {
    var word: UInt64 = 0
    for index in 0..<count {
      word |= (isSet(index) ? 1 : 0) &<< UInt64(truncatingIfNeeded: index)
    }
    return word
  }
}
