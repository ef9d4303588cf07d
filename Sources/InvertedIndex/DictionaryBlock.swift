import ScanKernels
import StorageBase

/// One block of the dictionary, its checksum found right. Its entries are not trusted all the same:
/// whoever writes hostile bytes can reckon checksums.
struct DictionaryBlock {
  /// What a block must agree with.
  struct Context {
    let hasPositions: Bool
    /// Low bits of the byte count of rows that say what form they have.
    let formBitCount: Int
    let rowCount: Int
    /// Where the postings end.
    let postingsEnd: Int
  }

  let data: IndexBytes
  let context: Context
  let postingsOffset: Int
  let entryCount: Int
  /// Where the entries lie in the block.
  let entries: Range<Int>

  /// Nil if the head of the block is not understood.
  init?(_ data: IndexBytes, _ context: Context) {
    let parsed: (offset: Int, count: Int, entries: Range<Int>)? = data.withBytes { bytes in
      var scanner = VarintScanner(bytes)
      guard let offset = scanner.varint(), let count = scanner.varint(),
        offset <= context.postingsEnd, count > 0, count <= bytes.count
      else { return nil }
      let restartBytes = count.ceilingDivision(by: IndexLayout.restartInterval) * 2
      let end = bytes.count - IndexLayout.checksumByteCount - restartBytes
      guard end >= scanner.position else { return nil }
      return (offset, count, scanner.position..<end)
    }
    guard let parsed else { return nil }
    self.data = data
    self.context = context
    (postingsOffset, entryCount, entries) = parsed
  }

  var restartCount: Int { entryCount.ceilingDivision(by: IndexLayout.restartInterval) }

  /// Where the entry of a restart begins; the end of the entries if it would be outside.
  func restart(_ index: Int, _ bytes: UnsafeRawBufferPointer) -> Int {
    let offset = bytes.loadUnaligned(
      fromByteOffset: entries.upperBound + index * 2, as: UInt16.self)
    return min(entries.upperBound, entries.lowerBound + Int(UInt16(littleEndian: offset)))
  }

  /// The last restart whose term is not after `key`, or the first one; nil if one is not
  /// understood.
  func restart(before key: UnsafeRawBufferPointer) -> Int? {
    data.withBytes { bytes in
      let limited = UnsafeRawBufferPointer(rebasing: bytes[..<entries.upperBound])
      var low = 0
      var high = restartCount
      while high - low > 1 {
        let middle = (low + high) / 2
        var scanner = VarintScanner(limited, at: restart(middle, bytes))
        guard scanner.varint() != nil, scanner.varint() == 0, let count = scanner.varint(),
          let term = scanner.take(count)
        else { return nil }
        if compareBytes(term, key) <= 0 { low = middle } else { high = middle }
      }
      return low
    }
  }
}
