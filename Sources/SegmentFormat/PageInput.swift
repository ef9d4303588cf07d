import ScanKernels
import StorageBase

/// The rows of one page to be written, as borrowed memory.
struct PageInput {
  let type: DataType
  let rowCount: Int
  let body: Body
  /// Bit `row % 64` of word `row / 64` set for null; bits after the last row are undefined. Nil
  /// when no row is null.
  let nulls: UnsafePointer<UInt64>?
  let nullCount: Int
  /// Bytes of the values in memory, unencoded: what `rawByteCount` of a summary adds up.
  let valueByteCount: Int

  enum Body {
    /// `rowCount` values of the type's physical width, aligned to it.
    case fixed(UnsafeRawPointer)
    /// `rowCount + 1` offsets into `bytes`; the first need not be 0.
    case strings(offsets: UnsafePointer<UInt32>, bytes: UnsafeRawPointer)
    /// `rowCount` codes of entries of the dictionary.
    case coded(codes: UnsafePointer<UInt32>, dictionary: StringTable)
  }

  init(type: DataType, rowCount: Int, body: Body, nulls: UnsafePointer<UInt64>?) {
    self.type = type
    self.rowCount = rowCount
    self.body = body
    let count = nulls.map { PageInput.setCount($0, rowCount: rowCount) } ?? 0
    self.nulls = count > 0 ? nulls : nil
    nullCount = count
    valueByteCount =
      switch body {
      case .fixed: rowCount * type.physical.width
      case .strings(let offsets, _): Int(offsets[rowCount] - offsets[0]) + rowCount * 4
      case .coded(let codes, let dictionary):
        Self.textByteCount(codes, dictionary, rowCount) + rowCount * 4
      }
  }

  /// Rows of a vector without copying them; nil when the vector has to be copied, because it is
  /// narrow or its null flags do not begin at a word.
  init?(_ vector: ColumnVector, rows: Range<Int>) {
    guard rows.lowerBound % 64 == 0 || vector.nulls == nil else { return nil }
    let body: Body
    switch vector.body {
    case .fixed(let buffer):
      body = .fixed(buffer.bytes.baseAddress! + rows.lowerBound * vector.type.physical.width)
    case .strings(let table):
      body = .strings(
        offsets: table.offsets.values(as: UInt32.self).baseAddress! + rows.lowerBound,
        bytes: table.bytes.bytes.baseAddress!)
    case .coded(let codes, let dictionary):
      body = .coded(
        codes: codes.values(as: UInt32.self).baseAddress! + rows.lowerBound,
        dictionary: dictionary)
    case .byteCoded, .offsets: return nil
    }
    self.init(
      type: vector.type, rowCount: rows.count, body: body,
      nulls: vector.nulls.map { $0.words.baseAddress! + rows.lowerBound / 64 })
  }

  private static func setCount(_ words: UnsafePointer<UInt64>, rowCount: Int) -> Int {
    var total = 0
    for index in 0..<rowCount / 64 { total &+= words[index].nonzeroBitCount }
    if rowCount % 64 != 0 {
      let mask = (UInt64(1) << UInt64(rowCount % 64)) - 1
      total &+= (words[rowCount / 64] & mask).nonzeroBitCount
    }
    return total
  }

  func isNull(_ row: Int) -> Bool {
    guard let nulls else { return false }
    return nulls[row >> 6] >> UInt64(row & 63) & 1 != 0
  }

  private static func textByteCount(
    _ codes: UnsafePointer<UInt32>, _ dictionary: StringTable, _ rowCount: Int
  ) -> Int {
    let ends = dictionary.offsets.values(as: UInt32.self)
    var total = 0
    for row in 0..<rowCount {
      let code = Int(codes[row])
      total &+= Int(ends[code &+ 1] &- ends[code])
    }
    return total
  }
}
