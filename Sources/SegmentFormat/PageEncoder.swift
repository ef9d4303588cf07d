import ScanKernels
import StorageBase

/// Turns the rows of a page into bytes: looks at the values, takes the encoding that is smallest
/// (weighted by what reading it costs), compresses. Its memory is reused. Not thread-safe.
final class PageEncoder {
  /// What became of one page.
  struct Result {
    var byteCount: Int
    var encodedByteCount: Int
    var encoding: PageEncoding
    var zoneMap: ZoneMap
  }

  let payload = ByteBuffer()
  let filled = ByteBuffer()
  let runValues = ByteBuffer()
  let runLengths = ByteBuffer()
  let lengths = ByteBuffer()
  let differences = ByteBuffer()
  // What only some pages need.
  private(set) lazy var patches = PatchBuffers()
  private(set) lazy var decimals = ALPBuffers()
  private(set) lazy var integerDictionary = IntegerDictionary()
  private(set) lazy var stringDictionary = StringDictionary()
  private(set) lazy var sharedDictionary = SharedDictionary()
  private(set) lazy var symbols = SymbolEncoder()
  let compressor: PageCompressor
  /// Strings of rows that came as codes.
  let expandedOffsets = ByteBuffer()
  let expandedText = ByteBuffer()
  let met = ByteBuffer()
  /// Whether they have been asked about pages of this column.
  var triesSymbols = false
  var triesSharing = false
  /// Whether the file has room for the dictionary of one more column.
  var canShareDictionary = true
  /// Rows of every page but the last.
  let rowsPerPage: Int

  init(compression: Compression, rowsPerPage: Int) {
    compressor = PageCompressor(compression)
    self.rowsPerPage = rowsPerPage
  }

  /// Ends a column: returns the dictionary that its pages share, without a checksum, if they do.
  func finishColumn() -> ByteBuffer? {
    if triesSymbols { symbols.beginColumn() }
    triesSymbols = false
    guard triesSharing else { return nil }
    triesSharing = false
    let block = sharedDictionary.block(symbols: compressor.isActive ? symbols : nil)
    symbols.beginColumn()
    sharedDictionary.beginColumn()
    return block
  }

  /// Appends the page to `out`.
  /// - Throws: `StorageError.limitExceeded` for more bytes than a page may have.
  func encode(_ input: PageInput, to out: ByteBuffer) throws -> Result {
    guard input.valueByteCount <= Limits.pageByteCountMax else {
      throw pageTooLarge(input.valueByteCount)
    }
    payload.removeAll()
    appendNullFlags(input)
    let (encoding, zoneMap) = try appendValues(input)
    guard payload.count <= Limits.pageByteCountMax else { throw pageTooLarge(payload.count) }
    // Codes of symbols have next to nothing left to find.
    let stored =
      encoding == .symbols
      ? (payload.bytes, .none)
      : compressor.compress(payload.bytes, saving: leastSaving(encoding, input))
    let header = PageHeader(
      encoding: encoding, compression: stored.compression, hasNulls: input.nullCount > 0,
      rowCount: input.rowCount, rawByteCount: payload.count)
    let byteCount = header.append(payload: stored.bytes, to: out)
    return Result(
      byteCount: byteCount, encodedByteCount: payload.count, encoding: encoding,
      zoneMap: zoneMap)
  }

  private func appendValues(_ input: PageInput) throws -> (PageEncoding, ZoneMap) {
    switch input.body {
    case .strings(let offsets, let bytes):
      return try appendStrings(input, offsets: offsets, bytes: bytes)
    case .coded(let codes, let dictionary):
      return try appendCoded(input, codes: codes, dictionary: dictionary)
    case .fixed(let values):
      switch input.type.physical {
      case .int8: return appendIntegers(input, values, as: Int8.self)
      case .int16: return appendIntegers(input, values, as: Int16.self)
      case .int32: return appendIntegers(input, values, as: Int32.self)
      case .int64: return appendIntegers(input, values, as: Int64.self)
      case .int128: return appendIntegers(input, values, as: Int128.self)
      case .float32: return appendFloats(input, values, as: Float.self)
      case .float64: return appendFloats(input, values, as: Double.self)
      case .bytes: preconditionFailure("a string column with fixed-width values")
      }
    }
  }

  /// The percentage that compression must save of a page. Packed numbers are read at many values
  /// per nanosecond, so more than of text.
  private func leastSaving(_ encoding: PageEncoding, _ input: PageInput) -> Int {
    switch encoding {
    case .plain, .symbols: 10
    case .dictionary: input.type.physical == .bytes ? 10 : 25
    case .bitPacked, .runLength, .delta, .patched, .alp, .split, .sharedDictionary: 25
    }
  }

  private func appendNullFlags(_ input: PageInput) {
    guard let nulls = input.nulls else { return }
    let byteCount = (input.rowCount + 7) / 8
    let target = payload.extend(by: byteCount).assumingMemoryBound(to: UInt8.self)
    for index in 0..<byteCount {
      let word = nulls[index >> 3]
      target[index] = UInt8(truncatingIfNeeded: word >> UInt64((index & 7) * 8))
    }
    if input.rowCount % 8 != 0 {
      target[byteCount - 1] &= (1 << UInt8(input.rowCount % 8)) - 1
    }
  }
}
