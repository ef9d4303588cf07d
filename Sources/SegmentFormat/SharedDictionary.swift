import ScanKernels
import StorageBase

/// Collects the dictionary of a column of a segment while its pages are written: codes are the same
/// in all pages, and a string is stored once. Whether it pays is found out with the first pages.
/// Not thread-safe.
final class SharedDictionary {
  private enum Stage {
    /// No page has come.
    case unbegun
    case open
    /// It takes no more pages; those that were written keep it.
    case closed
  }

  private static let entryCountMax = 1 << 16
  private static let byteCountMax = 1 << 20
  /// Pages in which most strings may be new; afterwards most must be known.
  private static let learningPageCount = 4

  private lazy var strings = DictionaryBuilder()
  /// By code of the page: the shared code.
  private let mapping = ByteBuffer()
  private let codes = ByteBuffer()
  /// The dictionary that rows were codes of last, and by its codes the shared ones; all ones for
  /// those not met.
  private var known: (dictionary: StringTable, codes: AlignedBuffer)?
  private var stage = Stage.unbegun
  private var pageCount = 0
  /// Whether all strings are in ascending order of their bytes.
  private var isSorted = true

  /// Forgets the column before.
  func beginColumn() {
    stage = .unbegun
    known = nil
    guard pageCount > 0 else { return }
    pageCount = 0
    strings.removeAll()
  }

  /// Appends the rows of a page as shared codes if that is worth it.
  ///
  /// - Parameter byteCount: what the page takes otherwise.
  /// - Precondition: the first page has as many rows as a page can: a column of less than one page
  ///   shares nothing.
  func append(
    _ page: StringDictionary, rowCount: Int, below byteCount: Int, to out: ByteBuffer
  ) -> Bool {
    guard stage != .closed else { return false }
    let mapping = mapping.array(of: UInt32.self, count: page.count)
    let (fresh, freshBytes) = look(up: page, into: mapping)
    guard isWorthwhile(page, newCount: fresh, newByteCount: freshBytes) else {
      stage = .closed
      return false
    }
    if stage == .unbegun { addSorted(page, mapping) } else { add(page, mapping) }
    if let known {
      let shared = known.codes.mutableValues(as: UInt32.self)
      for code in 0..<page.count { shared[Int(page.ownCodes[code])] = mapping[code] }
    }
    let codes = codes.array(of: UInt32.self, count: rowCount)
    let own = page.codes
    var least = UInt32.max
    var greatest: UInt32 = 0
    for row in 0..<rowCount {
      let code = mapping[Int(own[row])]
      codes[row] = code
      least = min(least, code)
      greatest = max(greatest, code)
    }
    let isFirst = stage == .unbegun
    stage = .open
    let packed = packedByteCount(rowCount, width: bitCount(of: greatest - least))
    // Of the first page the strings are the price for those to come.
    guard isFirst || packed + freshBytes <= byteCount else { return false }
    PackedNumbers.appendFromLeast(
      UnsafePointer(codes), count: rowCount, least: least, greatest: greatest, to: out)
    pageCount += 1
    return true
  }

  /// The shared codes of strings that have one; all ones for those that do not, which are counted.
  private func look(
    up page: StringDictionary, into mapping: UnsafeMutablePointer<UInt32>
  ) -> (count: Int, byteCount: Int) {
    remember(page.source)
    let (starts, lengths) = (page.starts, page.lengths)
    if let known {
      let (shared, own) = (known.codes.values(as: UInt32.self), page.ownCodes)
      let strings = strings
      for code in 0..<page.count {
        mapping[code] = shared[Int(own[code])]
        if mapping[code] == .max {
          strings.look(up: starts + code, lengths + code, count: 1, into: mapping + code)
        }
      }
    } else {
      strings.look(up: starts, lengths, count: page.count, into: mapping)
    }
    var (count, byteCount) = (0, 0)
    for code in 0..<page.count where mapping[code] == .max {
      count += 1
      byteCount += Int(lengths[code])
    }
    return (count, byteCount)
  }

  private func remember(_ dictionary: StringTable?) {
    guard let dictionary else {
      known = nil
      return
    }
    if let known, known.dictionary.bytes === dictionary.bytes { return }
    let codes = AlignedBuffer(byteCount: dictionary.count * 4)
    codes.mutableValues(as: UInt32.self).update(repeating: .max)
    known = (dictionary, codes)
  }

  private func isWorthwhile(
    _ page: StringDictionary, newCount: Int, newByteCount: Int
  ) -> Bool {
    guard strings.count + newCount <= Self.entryCountMax,
      strings.byteCount + newByteCount <= Self.byteCountMax
    else { return false }
    if pageCount == 0 { return true }
    let knownMin = pageCount < Self.learningPageCount ? page.count / 8 : page.count / 2
    return page.count - newCount >= knownMin
  }

  /// The strings of the first page get codes in their order: a column of few values has them all.
  private func addSorted(_ page: StringDictionary, _ mapping: UnsafeMutablePointer<UInt32>) {
    isSorted = true
    let order = (0..<page.count).sorted { compareBytes(page[$0], page[$1]) < 0 }
    for code in order { mapping[code] = strings.add(page[code]) }
  }

  private func add(_ page: StringDictionary, _ mapping: UnsafeMutablePointer<UInt32>) {
    for code in 0..<page.count where mapping[code] == .max {
      if isSorted, compareBytes(strings[strings.count - 1], page[code]) > 0 { isSorted = false }
      mapping[code] = strings.add(page[code])
    }
  }

  /// The block for the file, without its checksum; nil when no page needs one.
  /// - Parameter symbols: tries symbols on the strings; nil to leave them as they are.
  func block(symbols: SymbolEncoder?) -> ByteBuffer? {
    guard pageCount > 0 else { return nil }
    let block = ByteBuffer()
    let lengths = mapping.array(of: UInt32.self, count: strings.count)
    for code in 0..<strings.count { lengths[code] = UInt32(strings[code].count) }
    var usesSymbols = false
    if let symbols, strings.byteCount >= SymbolEncoder.textByteCountMin {
      symbols.train(
        offsets: strings.ends, bytes: strings.bytes.baseAddress!, rowCount: strings.count)
      usesSymbols = symbols.byteCount * 10 <= strings.byteCount * 9
    }
    block.append(UInt8(isSorted ? DictionaryBlock.sortedBit : 0))
    block.append(usesSymbols ? PageEncoding.symbols.rawValue : PageEncoding.plain.rawValue)
    block.appendVarint(strings.count)
    StringBlock.appendLengths(UnsafePointer(lengths), count: strings.count, to: block)
    if usesSymbols { symbols?.append(to: block) } else { block.append(strings.bytes) }
    return block
  }
}
