import ScanKernels
import StorageBase

/// Gathers rows of one column from vectors of any size until a page is full. Coded strings stay
/// codes as long as nothing else comes. Its memory is reused from page to page. Not thread-safe.
final class PageBuffer {
  private(set) var rowCount = 0
  private let fixed = ByteBuffer()
  private let offsets = ByteBuffer()
  private let heap = ByteBuffer()
  private let nullWords = ByteBuffer()
  private var hasNulls = false
  /// Codes into `strings`, while all rows are coded.
  private let codes = ByteBuffer()
  private lazy var strings = DictionaryBuilder()
  private var isCoded = false
  /// The dictionary that came last, and its codes in `strings`.
  private var known: (dictionary: StringTable, codes: AlignedBuffer)?

  /// Strings kept from page to page, and entries of a dictionary for each row, beyond which
  /// copying strings is cheaper.
  private static let entryCountMax = 1 << 16
  private static let entriesPerRowMax = 8

  /// - Throws: `StorageError.limitExceeded` when the page's strings get too long together.
  func append(_ vector: ColumnVector, rows: Range<Int>) throws {
    if vector.isNarrow { return try append(vector.widened(), rows: rows) }
    appendNulls(vector.nulls, rows: rows)
    switch vector.body {
    case .fixed(let buffer):
      let width = vector.type.physical.width
      fixed.append(
        UnsafeRawBufferPointer(
          rebasing: buffer.bytes[rows.lowerBound * width..<rows.upperBound * width]))
    case .strings(let table):
      try expandCodes()
      let bounds = table.offsets.values(as: UInt32.self)
      let start = bounds[rows.lowerBound]
      try reserve(Int(bounds[rows.upperBound] - start))
      let shift = UInt32(heap.count) &- start
      let target = appendOffsets(rows.count)
      for row in 0..<rows.count {
        target[row] = bounds[rows.lowerBound &+ row &+ 1] &+ shift
      }
      heap.append(
        UnsafeRawBufferPointer(
          rebasing: table.bytes.bytes[Int(start)..<Int(bounds[rows.upperBound])]))
    case .coded(let codes, let dictionary):
      let fits = dictionary.count <= rows.count * Self.entriesPerRowMax
      if isCoded || rowCount == 0, fits || known?.dictionary.bytes === dictionary.bytes {
        appendCodes(codes.values(as: UInt32.self), dictionary, rows: rows)
      } else {
        try expandCodes()
        try appendCoded(codes.values(as: UInt32.self), dictionary, rows: rows)
      }
    case .byteCoded, .offsets: preconditionFailure("a narrow vector after it was widened")
    }
    rowCount += rows.count
  }

  private func appendCodes(
    _ own: UnsafeBufferPointer<UInt32>, _ dictionary: StringTable, rows: Range<Int>
  ) {
    let mapped: AlignedBuffer
    if let known, known.dictionary.bytes === dictionary.bytes {
      mapped = known.codes
    } else {
      mapped = strings.add(contentsOf: dictionary)
      known = (dictionary, mapped)
    }
    isCoded = true
    let shared = mapped.values(as: UInt32.self)
    let target = codes.extend(by: rows.count * 4).assumingMemoryBound(to: UInt32.self)
    for (index, row) in rows.enumerated() { target[index] = shared[Int(own[row])] }
  }

  /// Replaces codes by their strings.
  private func expandCodes() throws {
    guard isCoded else { return }
    isCoded = false
    let own = UnsafeBufferPointer(
      start: UnsafePointer(codes.base.assumingMemoryBound(to: UInt32.self)), count: rowCount)
    let rows = 0..<rowCount
    rowCount = 0
    try appendCoded(own, strings.table(), rows: rows)
    rowCount = rows.count
  }

  private func appendCoded(
    _ codes: UnsafeBufferPointer<UInt32>, _ dictionary: StringTable, rows: Range<Int>
  ) throws {
    let bounds = dictionary.offsets.values(as: UInt32.self)
    let source = dictionary.bytes.bytes.baseAddress!
    var total = 0
    for row in rows {
      let code = Int(codes[row])
      total &+= Int(bounds[code &+ 1] &- bounds[code])
    }
    try reserve(total)
    var end = heap.count
    let target = appendOffsets(rows.count)
    let text = heap.extend(by: total) - end
    for (index, row) in rows.enumerated() {
      let code = Int(codes[row])
      let length = Int(bounds[code &+ 1] &- bounds[code])
      (text + end).copyMemory(from: source + Int(bounds[code]), byteCount: length)
      end &+= length
      target[index] = UInt32(truncatingIfNeeded: end)
    }
  }

  private func reserve(_ byteCount: Int) throws {
    let total = heap.count + byteCount
    guard total <= Limits.pageByteCountMax else { throw pageTooLarge(total) }
  }

  /// Where the end offsets of `count` more strings go.
  private func appendOffsets(_ count: Int) -> UnsafeMutablePointer<UInt32> {
    if rowCount == 0 { offsets.append(UInt32(0)) }
    return offsets.extend(by: count * 4).assumingMemoryBound(to: UInt32.self)
  }

  private func appendNulls(_ nulls: Bitmap?, rows: Range<Int>) {
    let wordCount = (rowCount + rows.count + 63) / 64
    let missing = wordCount * 8 - nullWords.count
    nullWords.extend(by: missing).initializeMemory(as: UInt8.self, repeating: 0, count: missing)
    guard let nulls else { return }
    let words = nullWords.base.assumingMemoryBound(to: UInt64.self)
    for row in rows where nulls[row] {
      let target = rowCount + row - rows.lowerBound
      words[target >> 6] |= 1 << UInt64(target & 63)
      hasNulls = true
    }
  }

  /// The rows gathered; valid until the buffer is changed.
  func page(type: DataType) -> PageInput {
    let body: PageInput.Body
    if type.physical != .bytes {
      body = .fixed(UnsafeRawPointer(fixed.base))
    } else if isCoded {
      body = .coded(
        codes: UnsafePointer(codes.base.assumingMemoryBound(to: UInt32.self)),
        dictionary: strings.table())
    } else {
      body = .strings(
        offsets: UnsafePointer(offsets.base.assumingMemoryBound(to: UInt32.self)),
        bytes: UnsafeRawPointer(heap.base))
    }
    let words = UnsafePointer(nullWords.base.assumingMemoryBound(to: UInt64.self))
    return PageInput(
      type: type, rowCount: rowCount, body: body, nulls: hasNulls ? words : nil)
  }

  func removeAll() {
    rowCount = 0
    hasNulls = false
    isCoded = false
    for buffer in [fixed, offsets, heap, nullWords, codes] { buffer.removeAll() }
    if known != nil, strings.count > Self.entryCountMax { forgetDictionary() }
  }

  /// What follows are rows of another column.
  func beginColumn() { if known != nil { forgetDictionary() } }

  private func forgetDictionary() {
    strings.removeAll()
    known = nil
  }
}

/// The error for a page whose values are more than a page may hold.
func pageTooLarge(_ byteCount: Int) -> StorageError {
  .limitExceeded(
    what: "bytes of one page", value: byteCount, limit: Limits.pageByteCountMax,
    remedy: "write fewer rows per page or shorter strings")
}
