import ScanKernels

/// Sorts many byte strings: a least-significant-digit radix sort by their first eight bytes, then
/// a comparison sort of each run that agrees in those.
enum TermOrder {
  struct Entry {
    /// The first eight bytes, big-endian, filled up with zeros.
    let prefix: UInt64
    let number: UInt32

    init(_ term: UnsafeRawBufferPointer, number: UInt32) {
      self.number = number
      var prefix: UInt64 = 0
      for index in 0..<min(8, term.count) {
        prefix |= UInt64(term[index]) &<< UInt64(56 &- 8 &* index)
      }
      self.prefix = prefix
    }
  }

  /// - Parameter term: the bytes of a number, which must outlive the call.
  static func sort(_ entries: inout [Entry], term: (UInt32) -> UnsafeRawBufferPointer) {
    sortByPrefix(&entries)
    var start = 0
    while start < entries.count {
      var end = start + 1
      while end < entries.count, entries[end].prefix == entries[start].prefix { end += 1 }
      if end - start > 1 {
        entries[start..<end].sort { compareBytes(term($0.number), term($1.number)) < 0 }
      }
      start = end
    }
  }

  private static func sortByPrefix(_ entries: inout [Entry]) {
    guard let first = entries.first else { return }
    var differing: UInt64 = 0
    for entry in entries { differing |= entry.prefix ^ first.prefix }
    var scattered = entries
    for shift in stride(from: UInt64(0), to: 64, by: 8) where differing &>> shift & 0xFF != 0 {
      var starts = [Int](repeating: 0, count: 257)
      for entry in entries { starts[Int(entry.prefix &>> shift & 0xFF) + 1] += 1 }
      for digit in 1...256 { starts[digit] += starts[digit - 1] }
      for entry in entries {
        let digit = Int(entry.prefix &>> shift & 0xFF)
        scattered[starts[digit]] = entry
        starts[digit] += 1
      }
      swap(&entries, &scattered)
    }
  }
}
