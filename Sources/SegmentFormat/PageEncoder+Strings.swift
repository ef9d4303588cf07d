import ScanKernels
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
    try requireLength(longest)
    let textByteCount = Int(offsets[rowCount] - offsets[0])
    if stringDictionary.build(offsets: offsets, bytes: bytes, rowCount: rowCount),
      let encoding = appendCodes(input, textByteCount: textByteCount, longest: longest)
    {
      return (encoding, zoneOfDictionary(input))
    }
    StringBlock.appendLengths(UnsafePointer(lengths), count: rowCount, to: payload)
    let usesSymbols = preferSymbols(offsets: offsets, bytes: bytes, rowCount: rowCount)
    if usesSymbols {
      symbols.append(to: payload)
    } else {
      payload.append(
        UnsafeRawBufferPointer(start: bytes + Int(offsets[0]), count: textByteCount))
    }
    return (
      usesSymbols ? .symbols : .plain, zoneOfRows(input, offsets: offsets, bytes: bytes)
    )
  }

  /// Rows that are codes already need no hashing, unless the strings are better stored as such.
  func appendCoded(
    _ input: PageInput, codes: UnsafePointer<UInt32>, dictionary: StringTable
  ) throws -> (PageEncoding, ZoneMap) {
    if stringDictionary.build(codes: codes, of: dictionary, rowCount: input.rowCount) {
      var longest: UInt32 = 0
      for code in 0..<stringDictionary.count {
        longest = max(longest, stringDictionary.lengths[code])
      }
      try requireLength(longest)
      let textByteCount = input.valueByteCount - input.rowCount * 4
      if let encoding = appendCodes(input, textByteCount: textByteCount, longest: longest) {
        return (encoding, zoneOfDictionary(input))
      }
    }
    let ends = expandedOffsets.array(of: UInt32.self, count: input.rowCount + 1)
    expandedText.removeAll()
    ends[0] = 0
    for row in 0..<input.rowCount {
      expandedText.append(dictionary[Int(codes[row])])
      ends[row &+ 1] = UInt32(truncatingIfNeeded: expandedText.count)
    }
    return try appendStrings(
      input, offsets: UnsafePointer(ends), bytes: UnsafeRawPointer(expandedText.base))
  }

  private func requireLength(_ longest: UInt32) throws {
    guard longest <= UInt32(Limits.stringByteCountMax) else {
      throw StorageError.limitExceeded(
        what: "bytes of one string", value: Int(longest), limit: Limits.stringByteCountMax,
        remedy: "cut the string or split it over columns")
    }
  }

  /// Appends the rows as codes, of the dictionary of the column or of one of the page; nil when the
  /// strings themselves take less.
  private func appendCodes(
    _ input: PageInput, textByteCount: Int, longest: UInt32
  ) -> PageEncoding? {
    let rowCount = input.rowCount
    let count = stringDictionary.count
    let lengthWidth = bitCount(of: longest)
    let plainByteCount = textByteCount + 5 + packedByteCount(rowCount, width: lengthWidth)
    let byteCount =
      8 + stringDictionary.byteCount + packedByteCount(count, width: lengthWidth)
      + PackedNumbers.byteCount(count: rowCount, max: UInt32(count - 1))
    triesSharing = triesSharing || (rowCount == rowsPerPage && canShareDictionary)
    let isShared =
      triesSharing
      && sharedDictionary.append(
        stringDictionary, rowCount: rowCount, below: min(byteCount, plainByteCount), to: payload)
    if isShared { return .sharedDictionary }
    guard byteCount < plainByteCount else { return nil }
    payload.appendVarint(count)
    StringBlock.appendLengths(stringDictionary.lengths, count: count, to: payload)
    for code in 0..<count { payload.append(stringDictionary[code]) }
    PackedNumbers.append(
      stringDictionary.codes, count: rowCount, max: UInt32(count - 1), to: payload)
    return .dictionary
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
    triesSymbols = true
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

  /// Bounds over the distinct strings; with nulls around, of those that other rows have.
  private func zoneOfDictionary(_ input: PageInput) -> ZoneMap {
    let count = stringDictionary.count
    var bounds = StringBounds()
    if input.nullCount == 0 {
      for code in 0..<count { bounds.add(stringDictionary[code]) }
    } else {
      let isMet = met.array(of: Bool.self, count: count)
      isMet.update(repeating: false, count: count)
      let codes = stringDictionary.codes
      for row in 0..<input.rowCount where !input.isNull(row) { isMet[Int(codes[row])] = true }
      for code in 0..<count where isMet[code] { bounds.add(stringDictionary[code]) }
    }
    return bounds.zoneMap(nullCount: input.nullCount, rowCount: input.rowCount)
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
