import ScanKernels

/// Walks over the entries of a dictionary block. After `advance` returned true, `term` and `entry`
/// are those of the current entry.
struct BlockCursor {
  /// What `advance` found.
  enum Step {
    case entry
    case end
    /// The bytes are not those of an entry.
    case malformed
  }

  private let block: DictionaryBlock
  private var position: Int
  private var index = 0
  /// Where stored postings of the next entry begin.
  private var storedOffset: Int
  private(set) var term: [UInt8] = []
  private(set) var entry: TermEntry

  init(_ block: DictionaryBlock) {
    self.block = block
    position = block.entries.lowerBound
    storedOffset = block.postingsOffset
    entry = TermEntry(
      documentCount: 0, form: .deltas, rowByteCount: 0, positionByteCount: 0, place: .inline(0),
      block: block.data)
  }

  mutating func advance() -> Step {
    guard index < block.entryCount else {
      return position == block.entries.upperBound ? .end : .malformed
    }
    let isDecoded = block.data.withBytes { bytes in
      decode(UnsafeRawBufferPointer(rebasing: bytes[..<block.entries.upperBound]))
    }
    index += 1
    return isDecoded ? .entry : .malformed
  }

  /// Advances to the first entry whose term is not before `key`.
  mutating func seek(_ key: UnsafeRawBufferPointer) -> Step {
    guard let restart = block.restart(before: key) else { return .malformed }
    index = restart * IndexLayout.restartInterval
    position = block.data.withBytes { block.restart(restart, $0) }
    term.removeAll(keepingCapacity: true)
    while true {
      let step = advance()
      guard case .entry = step else { return step }
      if term.withUnsafeBytes({ compareBytes($0, key) >= 0 }) { return .entry }
    }
  }

  private mutating func decode(_ bytes: UnsafeRawBufferPointer) -> Bool {
    let context = block.context
    var scanner = VarintScanner(bytes, at: position)
    let isRestart = index % IndexLayout.restartInterval == 0
    if isRestart {
      guard let gap = scanner.varint() else { return false }
      storedOffset = block.postingsOffset + gap
    }
    guard let shared = scanner.varint(), shared <= (isRestart ? 0 : term.count),
      let suffixCount = scanner.varint(), let suffix = scanner.take(suffixCount),
      shared + suffixCount <= IndexOptions.ignoreAboveRange.upperBound,
      let documentCount = scanner.varint(), documentCount > 0, documentCount <= context.rowCount,
      let rowBytes = scanner.varint(),
      let form = PostingsEncoder.Form(rawValue: rowBytes & (1 << context.formBitCount - 1))
    else { return false }
    let rowByteCount = rowBytes >> context.formBitCount
    var positionByteCount = 0
    if context.hasPositions {
      guard let count = scanner.varint() else { return false }
      positionByteCount = count
    }
    let total = rowByteCount + positionByteCount
    let place: TermEntry.Place
    if total <= IndexLayout.inlineByteCountMax {
      place = .inline(scanner.position)
      guard scanner.take(total) != nil else { return false }
    } else {
      let sealedCount = total + IndexLayout.checksumByteCount
      guard storedOffset <= context.postingsEnd - sealedCount else { return false }
      place = .stored(storedOffset)
      storedOffset += sealedCount
    }
    term.removeLast(term.count - shared)
    term.append(contentsOf: suffix)
    entry.documentCount = documentCount
    entry.form = form
    entry.rowByteCount = rowByteCount
    entry.positionByteCount = positionByteCount
    entry.place = place
    position = scanner.position
    return true
  }
}
