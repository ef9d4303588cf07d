import ScanKernels

/// Cuts bytes into fields and rows. The bytes start at the start of a row and must outlive it.
///
/// Linear in the bytes; allocates only to undouble quotes. Not thread-safe.
struct CSVFieldScanner {
  /// What follows a field.
  enum End {
    case delimiter
    /// A line end or the end of the bytes.
    case row
    case strayQuote
    case textAfterQuote
    case unclosedQuote
  }

  struct Field {
    /// Without the enclosing quotes; valid until the next field is read.
    var bytes: UnsafeRawBufferPointer
    var isQuoted: Bool
    var end: End
  }

  private let bytes: UnsafeRawBufferPointer
  private let delimiter: UInt8
  /// The delimiter again when the dialect has no quote: the delimiter is tested first, so that a
  /// field never starts with this one.
  private let quote: UInt8
  private let hasQuote: Bool
  /// The delimiter, and the quote, in every byte.
  private let delimiterPattern: UInt64
  private let quotePattern: UInt64
  private var scratch = AlignedBuffer(byteCount: 0)
  /// Offset of the next byte.
  private(set) var position = 0
  /// Line feeds passed inside quoted fields.
  private(set) var embeddedLineCount = 0

  init(_ bytes: UnsafeRawBufferPointer, dialect: CSVDialect) {
    self.bytes = bytes
    delimiter = dialect.delimiter
    hasQuote = dialect.quote != nil
    quote = dialect.quote ?? dialect.delimiter
    delimiterPattern = UInt64(delimiter) &* 0x0101_0101_0101_0101
    quotePattern = UInt64(quote) &* 0x0101_0101_0101_0101
  }

  var isAtEnd: Bool { position >= bytes.count }

  /// The bytes not passed yet.
  var rest: UnsafeRawBufferPointer { slice(position, bytes.count) }

  /// Passes whole rows.
  /// - Precondition: there are so many bytes.
  mutating func pass(_ byteCount: Int) {
    precondition(byteCount <= bytes.count - position)
    position += byteCount
  }

  /// Passes a line without a byte in it; false when the next line has some.
  mutating func skipEmptyLine() -> Bool {
    guard position < bytes.count else { return false }
    if bytes[position] == CSVDialect.lineFeed {
      position &+= 1
      return true
    }
    guard bytes[position] == CSVDialect.carriageReturn, position + 1 < bytes.count,
      bytes[position + 1] == CSVDialect.lineFeed
    else { return false }
    position &+= 2
    return true
  }

  /// The next field of the row. After a field that ends its row comes the first of the next;
  /// after a malformed one the position is undefined until `skipRow`.
  mutating func nextField() -> Field {
    if hasQuote, position < bytes.count, bytes[position] == quote { return quotedField() }
    let start = position
    var index = start
    let count = bytes.count
    while index < count {
      index = skipOrdinaryBytes(from: index)
      if index == count { break }
      let byte = bytes[index]
      if byte == delimiter {
        position = index &+ 1
        return Field(bytes: slice(start, index), isQuoted: false, end: .delimiter)
      }
      if byte == CSVDialect.lineFeed {
        position = index &+ 1
        let end =
          index > start && bytes[index &- 1] == CSVDialect.carriageReturn ? index &- 1 : index
        return Field(bytes: slice(start, end), isQuoted: false, end: .row)
      }
      if byte == quote {
        return Field(bytes: slice(start, index &+ 1), isQuoted: false, end: .strayQuote)
      }
      index &+= 1
    }
    position = count
    return Field(bytes: slice(start, count), isQuoted: false, end: .row)
  }

  /// The first position from `start` on that may hold a delimiter, a quote or a line feed; it may
  /// also hold another byte that is near the end. Eight bytes are tested at a time: a byte of
  /// `x - 0x01…` has its high bit set, and that of `x` not, when it was zero or follows such a one
  /// (Mycroft's test), so the lowest hit is a true one.
  @inline(__always) private func skipOrdinaryBytes(from start: Int) -> Int {
    guard let base = bytes.baseAddress else { return start }
    func zeroBytes(_ word: UInt64) -> UInt64 {
      (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080
    }
    var index = start
    while index &+ 8 <= bytes.count {
      let loaded = base.loadUnaligned(fromByteOffset: index, as: UInt64.self)
      let word = UInt64(littleEndian: loaded)
      let hits =
        zeroBytes(word ^ delimiterPattern) | zeroBytes(word ^ quotePattern)
        | zeroBytes(word ^ 0x0A0A_0A0A_0A0A_0A0A)
      if hits != 0 { return index &+ (hits.trailingZeroBitCount &>> 3) }
      index &+= 8
    }
    return index
  }

  private mutating func quotedField() -> Field {
    let start = position &+ 1
    var index = start
    var doubledCount = 0
    while index < bytes.count {
      index = skipOrdinaryBytes(from: index)
      if index == bytes.count { break }
      let byte = bytes[index]
      if byte == quote {
        if index &+ 1 < bytes.count, bytes[index &+ 1] == quote {
          doubledCount &+= 1
          index &+= 2
          continue
        }
        let content = doubledCount == 0 ? slice(start, index) : undoubled(start, index)
        position = index &+ 1
        return Field(bytes: content, isQuoted: true, end: endAfterQuote())
      }
      if byte == CSVDialect.lineFeed { embeddedLineCount &+= 1 }
      index &+= 1
    }
    return Field(bytes: slice(start, bytes.count), isQuoted: true, end: .unclosedQuote)
  }

  private mutating func endAfterQuote() -> End {
    guard position < bytes.count else { return .row }
    if bytes[position] == delimiter {
      position &+= 1
      return .delimiter
    }
    return skipEmptyLine() ? .row : .textAfterQuote
  }

  /// Passes the rest of a malformed row that began at `start`: up to the first line feed with an
  /// even number of quotes before it, the same rule by which files are cut into chunks.
  mutating func skipRow(from start: Int) {
    var isInside = false
    embeddedLineCount = 0
    var index = start
    while index < bytes.count {
      let byte = bytes[index]
      if hasQuote, byte == quote {
        isInside.toggle()
      } else if byte == CSVDialect.lineFeed {
        if !isInside { break }
        embeddedLineCount &+= 1
      }
      index &+= 1
    }
    position = min(index &+ 1, bytes.count)
  }

  /// Forgets the line feeds counted; to be called at the start of a row.
  mutating func startRow() { embeddedLineCount = 0 }

  @inline(__always) private func slice(_ start: Int, _ end: Int) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: bytes[start..<end])
  }

  private mutating func undoubled(_ start: Int, _ end: Int) -> UnsafeRawBufferPointer {
    if scratch.byteCount < end - start {
      scratch = AlignedBuffer(byteCount: max(256, (end - start) * 2))
    }
    let target = scratch.mutableBytes
    var count = 0
    var index = start
    while index < end {
      target[count] = bytes[index]
      count &+= 1
      index &+= bytes[index] == quote ? 2 : 1
    }
    return UnsafeRawBufferPointer(rebasing: scratch.bytes[..<count])
  }
}
