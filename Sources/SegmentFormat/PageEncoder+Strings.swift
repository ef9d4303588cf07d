import StorageBase

extension PageEncoder {
  func appendStrings(
    _ input: PageInput, offsets: UnsafePointer<UInt32>, bytes: UnsafeRawPointer
  ) throws -> (PageEncoding, ZoneMap) {
    let rowCount = input.rowCount
    let lengths = self.lengths.array(of: UInt32.self, count: rowCount)
    var longest: UInt32 = 0
    for row in 0..<rowCount {
      lengths[row] = offsets[row &+ 1] &- offsets[row]
      longest = max(longest, lengths[row])
    }
    guard longest <= UInt32(Limits.stringByteCountMax) else {
      throw StorageError.limitExceeded(
        what: "bytes of one string", value: Int(longest), limit: Limits.stringByteCountMax,
        remedy: "cut the string or split it over columns")
    }
    let plainByteCount =
      Int(offsets[rowCount] - offsets[0]) + 5
      + packedByteCount(rowCount, width: bitCount(of: longest))
    if stringDictionary.build(offsets: offsets, bytes: bytes, rowCount: rowCount) {
      let count = stringDictionary.count
      let byteCount =
        3 + stringDictionary.byteCount + 5 + packedByteCount(count, width: bitCount(of: longest))
        + PackedNumbers.byteCount(count: rowCount, max: UInt32(count - 1))
      if byteCount < plainByteCount {
        appendDictionary(rowCount: rowCount, offsets: offsets, bytes: bytes)
        return (.dictionary, zoneOfDictionary(input, offsets: offsets, bytes: bytes))
      }
    }
    StringBlock.appendLengths(UnsafePointer(lengths), count: rowCount, to: payload)
    let usesSymbols = preferSymbols(offsets: offsets, bytes: bytes, rowCount: rowCount)
    if usesSymbols {
      symbols.append(to: payload)
    } else {
      payload.append(
        UnsafeRawBufferPointer(
          start: bytes + Int(offsets[0]), count: Int(offsets[rowCount] - offsets[0])))
    }
    return (
      usesSymbols ? .symbols : .plain, zoneOfRows(input, offsets: offsets, bytes: bytes)
    )
  }

  /// Whether symbols take fewer bytes than what the compressor makes of the strings, whose lengths
  /// the payload ends with; if so they are encoded afterwards. Reading symbols costs less than any
  /// compression but is no compression at all when none is asked for.
  private func preferSymbols(
    offsets: UnsafePointer<UInt32>, bytes: UnsafeRawPointer, rowCount: Int
  ) -> Bool {
    let text = UnsafeRawBufferPointer(
      start: bytes + Int(offsets[0]), count: Int(offsets[rowCount] - offsets[0]))
    guard compressor.isActive, text.count >= SymbolEncoder.textByteCountMin else { return false }
    guard symbols.needsTrial else {
      symbols.continueColumn(text)
      return symbols.isPreferred
    }
    symbols.train(offsets: offsets, bytes: bytes, rowCount: rowCount)
    let headByteCount = payload.count
    payload.append(text)
    let other = compressor.compress(payload.bytes)
    let weight = Self.symbolsWeight(against: other.compression)
    symbols.settle(
      isPreferred: (headByteCount + symbols.byteCount) * 100 <= other.bytes.count * weight)
    payload.truncate(to: headByteCount)
    return symbols.isPreferred
  }

  /// The percentage of another layout's bytes that symbols may take. They are read at 7 GB/s where
  /// LZ4 gives 5 and Zstandard 2; plain strings cost a copy.
  private static func symbolsWeight(against compression: PageCompression) -> Int {
    switch compression {
    case .none: 90
    case .lz4: 104
    case .zstd: 110
    }
  }

  private func appendDictionary(
    rowCount: Int, offsets: UnsafePointer<UInt32>, bytes: UnsafeRawPointer
  ) {
    let count = stringDictionary.count
    let rows = stringDictionary.entryRows
    payload.appendVarint(count)
    let lengths = self.lengths.array(of: UInt32.self, count: count)
    for code in 0..<count {
      let row = Int(rows[code])
      lengths[code] = offsets[row &+ 1] &- offsets[row]
    }
    StringBlock.appendLengths(UnsafePointer(lengths), count: count, to: payload)
    for code in 0..<count { payload.append(stringBytes(Int(rows[code]), offsets, bytes)) }
    PackedNumbers.append(
      stringDictionary.codes, count: rowCount, max: UInt32(count - 1), to: payload)
  }

  /// Bounds over the distinct strings. With nulls around, the empty string may stand for null rows
  /// only, so the rows are looked at instead.
  private func zoneOfDictionary(
    _ input: PageInput, offsets: UnsafePointer<UInt32>, bytes: UnsafeRawPointer
  ) -> ZoneMap {
    guard input.nullCount == 0 else {
      return zoneOfRows(input, offsets: offsets, bytes: bytes)
    }
    var bounds = StringBounds()
    for code in 0..<stringDictionary.count {
      bounds.add(stringBytes(Int(stringDictionary.entryRows[code]), offsets, bytes))
    }
    return bounds.zoneMap(nullCount: 0, rowCount: input.rowCount)
  }

  private func zoneOfRows(
    _ input: PageInput, offsets: UnsafePointer<UInt32>, bytes: UnsafeRawPointer
  ) -> ZoneMap {
    var bounds = StringBounds()
    for row in 0..<input.rowCount where !input.isNull(row) {
      bounds.add(stringBytes(row, offsets, bytes))
    }
    return bounds.zoneMap(nullCount: input.nullCount, rowCount: input.rowCount)
  }
}

@inline(__always)
private func stringBytes(
  _ row: Int, _ offsets: UnsafePointer<UInt32>, _ bytes: UnsafeRawPointer
) -> UnsafeRawBufferPointer {
  UnsafeRawBufferPointer(
    start: bytes + Int(offsets[row]), count: Int(offsets[row &+ 1] &- offsets[row]))
}

/// The least and greatest of the strings added, by their bytes; they must outlive it.
struct StringBounds {
  private var low: UnsafeRawBufferPointer?
  private var high: UnsafeRawBufferPointer?
  private var lowPrefix: UInt64 = 0
  private var highPrefix: UInt64 = 0

  mutating func add(_ string: UnsafeRawBufferPointer) {
    let prefix = StringBounds.prefix(of: string)
    guard let least = low, let greatest = high else {
      low = string
      high = string
      lowPrefix = prefix
      highPrefix = prefix
      return
    }
    if prefix < lowPrefix || prefix == lowPrefix && precedes(string, least) {
      low = string
      lowPrefix = prefix
    } else if prefix > highPrefix || prefix == highPrefix && precedes(greatest, string) {
      high = string
      highPrefix = prefix
    }
  }

  func zoneMap(nullCount: Int, rowCount: Int) -> ZoneMap {
    guard let low, let high else { return ZoneMap(allNull: rowCount) }
    return ZoneMap(strings: low, high, nullCount: nullCount, rowCount: rowCount)
  }

  /// The first eight bytes as a number that orders like them.
  private static func prefix(of string: UnsafeRawBufferPointer) -> UInt64 {
    if string.count >= 8 {
      return UInt64(bigEndian: string.loadUnaligned(as: UInt64.self))
    }
    var word: UInt64 = 0
    for index in 0..<string.count { word |= UInt64(string[index]) << UInt64(56 &- 8 &* index) }
    return word
  }

  private func precedes(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Bool {
    let shared = min(a.count, b.count)
    for index in 0..<shared where a[index] != b[index] { return a[index] < b[index] }
    return a.count < b.count
  }
}
