import ScanKernels
import StorageBase

/// Gathers the keys of one page and encodes them. Not thread-safe.
final class PrimaryKeyPageBuilder {
  private let keys = ByteBuffer()
  /// Where each key ends in `keys`, and how many bytes it shares with the one before.
  private let ends = ByteBuffer()
  private let shared = ByteBuffer()
  private let entries = ByteBuffer()
  private let restarts = ByteBuffer()
  private var sequences: [UInt64] = []
  private let hasSequences: Bool
  private let byteCountTarget: Int
  private(set) var rowCount = 0
  /// Bytes of the entries, about.
  private var entriesByteCount = 0

  /// - Parameter byteCountTarget: the page is full once its entries have so many bytes.
  init(hasSequences: Bool, byteCountTarget: Int) {
    self.hasSequences = hasSequences
    self.byteCountTarget = byteCountTarget
  }

  var isFull: Bool { entriesByteCount >= byteCountTarget }

  /// The last key added; valid until the next one is.
  var last: UnsafeRawBufferPointer { key(rowCount - 1) }

  private func key(_ row: Int) -> UnsafeRawBufferPointer {
    let ends = UnsafePointer(ends.base.assumingMemoryBound(to: Int.self))
    let start = row == 0 ? 0 : ends[row - 1]
    return UnsafeRawBufferPointer(start: keys.base + start, count: ends[row] - start)
  }

  /// - Parameter sharedByteCount: bytes it begins alike with the last key of this page; 0 for the
  ///   first.
  func append(_ key: UnsafeRawBufferPointer, sharedByteCount: Int, sequence: UInt64) {
    keys.append(key)
    ends.append(keys.count)
    shared.append(sharedByteCount)
    if hasSequences { sequences.append(sequence) }
    rowCount += 1
    entriesByteCount += 1 + key.count - sharedByteCount
  }

  /// Appends the page of all keys, with its checksum, and begins anew.
  /// - Precondition: there is one.
  func finish(to out: ByteBuffer) {
    let start = out.count
    let prefixByteCount = sharedByAll()
    out.appendVarint(prefixByteCount)
    out.append(UnsafeRawBufferPointer(rebasing: key(0)[..<prefixByteCount]))
    if hasSequences { appendSequences(to: out) }
    appendEntries(prefixByteCount)
    out.appendVarint(entries.count)
    let places = restarts.bytes.bindMemory(to: UInt64.self)
    for restart in places { out.append(UInt32(truncatingIfNeeded: restart)) }
    let isWide = entries.count >= PrimaryKeyLayout.wideEntriesByteCount
    for restart in places {
      if isWide {
        out.append(UInt32(truncatingIfNeeded: restart >> 32))
      } else {
        out.append(UInt16(truncatingIfNeeded: restart >> 32))
      }
    }
    out.append(entries.bytes)
    out.seal(from: start)
    for buffer in [keys, ends, shared] { buffer.removeAll() }
    sequences.removeAll(keepingCapacity: true)
    rowCount = 0
    entriesByteCount = 0
  }

  /// The keys ascend, so that all begin as far alike as neighbours do.
  private func sharedByAll() -> Int {
    let shared = shared.bytes.bindMemory(to: Int.self)
    return shared.dropFirst().min() ?? key(0).count
  }

  private func appendSequences(to out: ByteBuffer) {
    let least = sequences.min() ?? 0
    let range = (sequences.max() ?? 0) - least
    let width = (64 - range.leadingZeroBitCount + 7) / 8
    out.append(UInt8(width))
    out.append(least)
    for sequence in sequences {
      var bytes = (sequence - least).littleEndian
      withUnsafeBytes(of: &bytes) { out.append(UnsafeRawBufferPointer(rebasing: $0[..<width])) }
    }
  }

  /// Fills `entries`, and `restarts` with the head and, above it, the place of each.
  private func appendEntries(_ prefixByteCount: Int) {
    entries.removeAll()
    restarts.removeAll()
    let shared = UnsafePointer(shared.base.assumingMemoryBound(to: Int.self))
    for row in 0..<rowCount {
      let key = key(row)
      var sharedByteCount = 0
      if row % PrimaryKeyLayout.restartInterval == 0 {
        let tail = UnsafeRawBufferPointer(rebasing: key[prefixByteCount...])
        let head = tail.baseAddress.map { PrimaryKeyLayout.head($0, tail.count) } ?? 0
        restarts.append(UInt64(entries.count) << 32 | UInt64(head))
      } else {
        sharedByteCount = shared[row] - prefixByteCount
      }
      let rest = UnsafeRawBufferPointer(rebasing: key[(prefixByteCount + sharedByteCount)...])
      let long = PrimaryKeyLayout.longLength
      entries.append(UInt8(min(sharedByteCount, long) << 4 | min(rest.count, long)))
      if sharedByteCount >= long { entries.appendVarint(sharedByteCount - long) }
      if rest.count >= long { entries.appendVarint(rest.count - long) }
      entries.append(rest)
    }
  }
}
