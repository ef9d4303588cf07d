import Glibc
import ScanKernels
import StorageBase

extension SortKeyBytes {
  /// The keys of all rows, the bytes of one column behind those of the one before. Linear in the
  /// bytes; nothing is allocated per row.
  /// - Parameter columns: the key columns, in any form.
  /// - Parameter schemaColumns: what they are in the schema.
  /// - Parameter sequences: a `UInt64` for each row, which follows its key in eight bytes of the
  ///   same order; nil for keys alone.
  /// - Precondition: as many vectors as columns, at least one, of their types and equally long.
  /// - Throws: `StorageError.limitExceeded` for keys that have more than 4 GiB together.
  public static func encode(
    _ columns: [ColumnVector], _ schemaColumns: [Column], sequences: AlignedBuffer? = nil
  ) throws -> StringTable {
    precondition(!columns.isEmpty && columns.count == schemaColumns.count)
    let rowCount = columns[0].count
    let sources = zip(columns, schemaColumns).map { vector, column in
      precondition(vector.count == rowCount && vector.type == column.type)
      return SortKeyColumn(vector, of: column)
    }
    let offsets = AlignedBuffer(byteCount: (rowCount + 1) * 4)
    let byteCount = try measure(
      sources, tailByteCount: sequences == nil ? 0 : 8, rowCount: rowCount, into: offsets)
    let bytes = AlignedBuffer(byteCount: byteCount)
    guard rowCount > 0 else { return StringTable(count: 0, offsets: offsets, bytes: bytes) }
    // Where the next column of each row goes.
    let places = AlignedBuffer.copy(of: offsets.bytes)
    let cursors = places.mutableValues(as: UInt32.self).baseAddress!
    let target = bytes.mutableBytes.baseAddress!
    for source in sources { source.write(rowCount: rowCount, to: target, at: cursors) }
    if let sequences {
      let values = sequences.values(as: UInt64.self)
      for row in 0..<rowCount {
        target.storeBytes(
          of: values[row].bigEndian, toByteOffset: Int(cursors[row]), as: UInt64.self)
      }
    }
    withExtendedLifetime(places) {}
    return StringTable(count: rowCount, offsets: offsets, bytes: bytes)
  }

  /// Sets where each key begins, and where the last one ends, and returns that.
  private static func measure(
    _ sources: [SortKeyColumn], tailByteCount: Int, rowCount: Int, into offsets: AlignedBuffer
  ) throws -> Int {
    let ends = offsets.mutableValues(as: UInt32.self).baseAddress!
    let fixed = sources.reduce(tailByteCount) { $0 + ($1.constantByteCount ?? 0) }
    let varying = sources.filter { $0.constantByteCount == nil }
    var total = fixed * rowCount
    if !varying.isEmpty {
      for row in 0..<rowCount { ends[row] = UInt32(truncatingIfNeeded: fixed) }
      total += varying.reduce(0) { $0 + $1.addByteCounts(rowCount: rowCount, to: ends) }
    }
    guard total <= Int(UInt32.max) else {
      throw StorageError.limitExceeded(
        what: "bytes of keys encoded together", value: total, limit: Int(UInt32.max),
        remedy: "encode fewer rows at once")
    }
    var end: UInt32 = 0
    for row in 0..<rowCount {
      let count = varying.isEmpty ? UInt32(truncatingIfNeeded: fixed) : ends[row]
      ends[row] = end
      end &+= count
    }
    ends[rowCount] = end
    return total
  }
}

/// One key column of some rows, ready to be encoded.
private struct SortKeyColumn {
  private let vector: ColumnVector
  private let isNullable: Bool
  /// Null when no row is.
  private let nulls: Bitmap?
  private let text: SortKeyText?

  init(_ vector: ColumnVector, of column: Column) {
    let wide = vector.widened()
    self.vector = wide
    isNullable = column.isNullable
    nulls = wide.nulls.flatMap { $0.setCount > 0 ? $0 : nil }
    precondition(nulls == nil || isNullable, "nulls in column \(column.name)")
    text = column.type.physical == .bytes ? SortKeyText(wide.body) : nil
  }

  /// Bytes of a number.
  private var width: Int {
    switch vector.type.physical {
    case .float32, .float64: 8
    default: vector.type.physical.width
    }
  }

  /// Bytes of every row, when all have the same.
  var constantByteCount: Int? {
    nulls == nil && text == nil ? width + (isNullable ? 1 : 0) : nil
  }

  /// Adds what each row takes to its count; returns the sum.
  func addByteCounts(rowCount: Int, to counts: UnsafeMutablePointer<UInt32>) -> Int {
    let head = isNullable ? 1 : 0
    var total = 0
    for row in 0..<rowCount {
      let isNull = nulls.map { $0[row] } ?? false
      let count = isNull ? 1 : head &+ (text?.byteCount(row) ?? width)
      counts[row] &+= UInt32(truncatingIfNeeded: count)
      total &+= count
    }
    return total
  }

  /// Writes each row at its cursor, and moves that behind it.
  func write(
    rowCount: Int, to target: UnsafeMutableRawPointer, at cursors: UnsafeMutablePointer<UInt32>
  ) {
    if isNullable {
      for row in 0..<rowCount {
        let isNull = nulls.map { $0[row] } ?? false
        target.storeBytes(of: isNull ? 0 : 1, toByteOffset: Int(cursors[row]), as: UInt8.self)
        cursors[row] &+= 1
      }
    }
    switch vector.type.physical {
    case .int8: write(Int8.self, rowCount, target, cursors) { $0 }
    case .int16: write(Int16.self, rowCount, target, cursors) { $0 }
    case .int32: write(Int32.self, rowCount, target, cursors) { $0 }
    case .int64: write(Int64.self, rowCount, target, cursors) { $0 }
    case .int128: write(Int128.self, rowCount, target, cursors) { $0 }
    case .float32:
      write(Float.self, rowCount, target, cursors) { SortKeyBytes.orderedInteger(Double($0)) }
    case .float64:
      write(Double.self, rowCount, target, cursors) { SortKeyBytes.orderedInteger($0) }
    case .bytes:
      for row in 0..<rowCount where !(nulls.map { $0[row] } ?? false) {
        let start = target + Int(cursors[row])
        cursors[row] &+= UInt32(truncatingIfNeeded: text?.write(row, to: start) ?? 0)
      }
    }
  }

  @inline(__always)
  private func write<T: BitwiseCopyable, B: FixedWidthInteger & SignedInteger & BitwiseCopyable>(
    _ type: T.Type, _ rowCount: Int, _ target: UnsafeMutableRawPointer,
    _ cursors: UnsafeMutablePointer<UInt32>, _ integer: (T) -> B
  ) {
    let values = vector.values(as: T.self)
    let width = UInt32(MemoryLayout<B>.size)
    if let nulls {
      for row in 0..<rowCount where !nulls[row] {
        target.storeBytes(
          of: SortKeyBytes.ordered(integer(values[row])), toByteOffset: Int(cursors[row]),
          as: B.self)
        cursors[row] &+= width
      }
      return
    }
    for row in 0..<rowCount {
      target.storeBytes(
        of: SortKeyBytes.ordered(integer(values[row])), toByteOffset: Int(cursors[row]),
        as: B.self)
      cursors[row] &+= width
    }
  }
}

/// The strings of a key column. The vector must outlive it.
private struct SortKeyText {
  private let table: StringTable
  private let codes: UnsafePointer<UInt32>?
  /// Whether any string may hold a zero byte, which takes two in a key.
  private let hasZeros: Bool

  init(_ body: ColumnVector.Body) {
    switch body {
    case .strings(let table):
      self.table = table
      codes = nil
    case .coded(let codes, let dictionary):
      table = dictionary
      self.codes = codes.values(as: UInt32.self).baseAddress
    case .fixed, .offsets, .byteCoded: preconditionFailure("a string column without strings")
    }
    let bytes = table.bytes.bytes
    hasZeros = bytes.baseAddress.map { memchr($0, 0, bytes.count) != nil } ?? false
  }

  @inline(__always) private func string(_ row: Int) -> UnsafeRawBufferPointer {
    table[codes.map { Int($0[row]) } ?? row]
  }

  @inline(__always) func byteCount(_ row: Int) -> Int {
    let string = string(row)
    guard hasZeros else { return string.count &+ 2 }
    return string.reduce(string.count &+ 2) { $1 == 0 ? $0 &+ 1 : $0 }
  }

  /// Returns how many bytes it wrote.
  @inline(__always) func write(_ row: Int, to start: UnsafeMutableRawPointer) -> Int {
    let string = string(row)
    var count = string.count
    if hasZeros {
      count = 0
      for byte in string {
        start.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
        count &+= 1
        if byte == 0 {
          start.storeBytes(of: 0xFF, toByteOffset: count, as: UInt8.self)
          count &+= 1
        }
      }
    } else if let text = string.baseAddress {
      start.copyMemory(from: text, byteCount: count)
    }
    start.storeBytes(of: 0, toByteOffset: count, as: UInt16.self)
    return count &+ 2
  }
}
