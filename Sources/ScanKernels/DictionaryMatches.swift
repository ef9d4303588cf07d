import CKernels

/// Which codes of a dictionary a string test accepts: the test runs once per entry, rows then only
/// look up their code.
struct DictionaryMatches {
  /// Held so that the identity of the dictionary cannot come back as another one's.
  private let dictionary: StringTable
  /// One byte per code, not zero when accepted.
  private let table: AlignedBuffer
  /// The accepted codes when they are consecutive: then comparing beats looking up.
  private let run: ClosedRange<Int32>?
  private let acceptedCount: Int

  /// - Parameter entries: the accepted entries.
  init(of dictionary: StringTable, _ entries: Bitmap) {
    self.dictionary = dictionary
    // Codes of one byte are looked up in a table of all 256.
    table = AlignedBuffer(byteCount: max(256, dictionary.count), zeroed: true)
    let flags = table.mutableValues(as: UInt8.self)
    var (accepted, first, last) = (0, 0, 0)
    entries.forEachSet { code in
      flags[code] = 1
      if accepted == 0 { first = code }
      last = code
      accepted += 1
    }
    acceptedCount = accepted
    let isRun = accepted > 0 && last - first + 1 == accepted
    run = isRun ? Int32(first)...Int32(last) : nil
  }

  func belongs(to other: StringTable) -> Bool {
    dictionary.offsets === other.offsets && dictionary.bytes === other.bytes
  }

  /// The rows whose code of one byte is accepted.
  func rows(byteCodes: AlignedBuffer, count: Int) -> Bitmap {
    if let constant = constantRows(count: count) { return constant }
    let selection = Bitmap(unsetCount: count)
    let words = selection.mutableWords.baseAddress
    let filter = KernelTable.current.filter
    let codes = byteCodes.values(as: UInt8.self).baseAddress
    if let run {
      filter.range_u8(codes, count, UInt8(run.lowerBound), UInt8(run.upperBound), words)
    } else {
      filter.member_u8(codes, count, table.values(as: UInt8.self).baseAddress, words)
    }
    return selection
  }

  /// All rows or none, when the codes do not matter.
  private func constantRows(count: Int) -> Bitmap? {
    if acceptedCount == 0 { return Bitmap(count: count) }
    return acceptedCount == dictionary.count ? .full(count: count) : nil
  }

  func rows(codes: AlignedBuffer, count: Int) -> Bitmap {
    if let constant = constantRows(count: count) { return constant }
    let selection = Bitmap(unsetCount: count)
    let words = selection.mutableWords.baseAddress
    let filter = KernelTable.current.filter
    if let run {
      let codes = codes.values(as: Int32.self).baseAddress
      filter.range_i32(codes, count, run.lowerBound, run.upperBound, words)
    } else {
      let codes = codes.values(as: UInt32.self).baseAddress
      filter.member_u32(codes, count, table.values(as: UInt8.self).baseAddress, words)
    }
    return selection
  }
}
