import ScanKernels
import StorageBase

// Keys of segments that have no primary keys, by the key columns themselves.
extension SegmentReader {
  func findKeysInColumns(
    _ probe: KeyProbe, _ matches: inout [KeyMatch], _ work: inout KeyProbeWork
  ) throws {
    let candidates = candidatesByZoneMap(probe, &work)
    guard !candidates.isEmpty else { return }
    var pages = KeyColumnPages(reader: self, shortKeys: try loadedShortKeys())
    // Where the key before was looked for, or would lie.
    var place = (page: 0, row: 0)
    for key in candidates {
      let bytes = probe.keys[Int(key)]
      guard let number = try pages.page(of: bytes) else { continue }
      let page = try pages.enter(number)
      let row = page.lowerBound(of: bytes, from: place.page == number ? place.row : 0)
      place = (number, row)
      if row < page.count, compareBytes(page[row], bytes) == 0 {
        let ordinal = rowRange(ofPage: number).lowerBound + row
        matches.append(KeyMatch(key: key, row: UInt32(ordinal)))
      }
    }
    work.pages += pages.work.pages
    work.bytes += pages.work.bytesStored
  }

  private func loadedShortKeys() throws -> ShortKeyIndex? {
    try extensions.shortKeys.map { try shortKeys(at: $0) }
  }

  /// The pending keys whose first column is within the segment's bounds.
  private func candidatesByZoneMap(
    _ probe: KeyProbe, _ work: inout KeyProbeWork
  ) -> [UInt32] {
    let column = schema.columns[0]
    let zone = zoneMap(column: 0)
    var low: [UInt8] = []
    SortKeyBytes.append(zone.nullCount > 0 ? .null : zone.min, of: column, to: &low)
    var high: [UInt8]?
    if zone.isAllNull || !zone.isMaxOpen {
      var bytes: [UInt8] = []
      SortKeyBytes.append(zone.max, of: column, to: &bytes)
      high = bytes
    }
    let candidates = probe.pending.filter { key in
      let bytes = probe.keys[Int(key)]
      guard low.withUnsafeBytes({ compareBytes(bytes, $0) >= 0 }) else { return false }
      // Columns that follow make a key longer than the bound, not greater.
      return high?.withUnsafeBytes {
        compareBytes(UnsafeRawBufferPointer(rebasing: bytes.prefix($0.count)), $0) <= 0
      } ?? true
    }
    work.boundsRejects += probe.pending.count - candidates.count
    return candidates
  }

  /// The keys of all rows of a page.
  func keys(ofPage page: Int, work: inout PageWork) throws -> StringTable {
    let columns = try (0..<schema.sortKeyCount).map {
      try readPage(column: $0, page: page, work: &work)
    }
    return try SortKeyBytes.encode(columns, Array(schema.columns[..<schema.sortKeyCount]))
  }
}

/// Finds the pages of keys that ascend, and keeps the keys of the one looked into last.
private struct KeyColumnPages {
  let reader: SegmentReader
  let shortKeys: ShortKeyIndex?
  var work = PageWork()
  private(set) var current: (number: Int, keys: StringTable)?

  init(reader: SegmentReader, shortKeys: ShortKeyIndex?) {
    self.reader = reader
    self.shortKeys = shortKeys
  }

  mutating func enter(_ page: Int) throws -> StringTable {
    if let current, current.number == page { return current.keys }
    let keys = try reader.keys(ofPage: page, work: &work)
    current = (page, keys)
    return keys
  }

  /// The last page whose first key is not above the key; nil when all are above it.
  mutating func page(of key: UnsafeRawBufferPointer) throws -> Int? {
    var low = 0
    var high = reader.pageCount
    // The keys of a page that has been decoded need no look at another one.
    if let (number, keys) = current, keys.count > 0, compareBytes(key, keys[0]) >= 0 {
      if compareBytes(key, keys[keys.count - 1]) <= 0 { return number }
      low = number
    }
    while low < high {
      let middle = (low + high) / 2
      if try isFirstKey(ofPage: middle, above: key) { high = middle } else { low = middle + 1 }
    }
    return low > 0 ? low - 1 : nil
  }

  private mutating func isFirstKey(
    ofPage page: Int, above key: UnsafeRawBufferPointer
  ) throws -> Bool {
    guard let shortKeys else { return compareBytes(try enter(page)[0], key) > 0 }
    let short = shortKeys.keys[page]
    let order = short.withUnsafeBytes {
      compareBytes($0, UnsafeRawBufferPointer(rebasing: key.prefix(short.count)))
    }
    if order != 0 { return order > 0 }
    // A short key that was not cut is the whole key.
    guard short.count >= ShortKeyIndex.keyByteCountMax else { return false }
    return compareBytes(try enter(page)[0], key) > 0
  }
}

extension StringTable {
  /// The first string from `first` on that is not below `key`, if strings ascend; their number if
  /// there is none. O(log of the strings skipped).
  fileprivate func lowerBound(of key: UnsafeRawBufferPointer, from first: Int) -> Int {
    var low = first
    var step = 1
    while low + step < count, compareBytes(self[low + step], key) < 0 {
      low += step
      step *= 2
    }
    var high = min(low + step, count)
    while low < high {
      let middle = (low + high) / 2
      if compareBytes(self[middle], key) < 0 { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
