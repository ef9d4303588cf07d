import StorageBase

extension PageEncoder {
  func encodeStrings(
    _ page: PageInput, offsets: UnsafePointer<UInt32>, bytes: UnsafeRawPointer
  ) throws -> PageEncoding {
    let count = page.rowCount
    let byteCount = Int(offsets[count] - offsets[0])
    if let entryCount = stringCodes(count, byteCount, offsets, bytes) {
      payload.appendVarint(entryCount)
      appendEntries(offsets, bytes)
      appendPacked(codes.base.assumingMemoryBound(to: UInt32.self), count: count)
      return .dictionary
    }
    appendLengths(count) { offsets[$0 &+ 1] &- offsets[$0] }
    payload.append(
      UnsafeRawBufferPointer(start: bytes + Int(offsets[0]), count: byteCount))
    return .plain
  }

  /// Numbers each distinct string in `codes`; nil when that would not save a fifth. Gives up early
  /// on strings that hardly repeat.
  private func stringCodes(
    _ count: Int, _ byteCount: Int, _ offsets: UnsafePointer<UInt32>, _ bytes: UnsafeRawPointer
  ) -> Int? {
    guard count > 1 else { return nil }
    let target = codes.array(of: UInt32.self, count: count)
    let trial = min(count, 256)
    strings.removeAll(limit: count / 2 + 1)
    for row in 0..<count {
      guard let code = strings.code(of: row, offsets, bytes) else { return nil }
      if row == trial, strings.firstRows.count * 8 > trial * 7 { return nil }
      target[row] = code
    }
    var entryBytes = 0
    for row in strings.firstRows {
      entryBytes &+= Int(offsets[Int(row) &+ 1] &- offsets[Int(row)]) &+ 1
    }
    let width = bitCount(of: UInt32(strings.firstRows.count - 1))
    let dictionaryBytes = entryBytes + packedByteCount(count, width: width) + 12
    return dictionaryBytes * 5 < (byteCount + count) * 4 ? strings.firstRows.count : nil
  }

  /// The entries of the dictionary as a string block, with their total before the bytes.
  private func appendEntries(_ offsets: UnsafePointer<UInt32>, _ bytes: UnsafeRawPointer) {
    let rows = strings.firstRows
    let lengths = runs.array(of: UInt32.self, count: rows.count)
    var total: UInt32 = 0
    for (index, row) in rows.enumerated() {
      lengths[index] = offsets[Int(row) + 1] - offsets[Int(row)]
      total += lengths[index]
    }
    appendLengths(rows.count) { lengths[$0] }
    payload.append(total)
    let target = payload.extend(by: Int(total))
    var end = 0
    for (index, row) in rows.enumerated() {
      (target + end).copyMemory(
        from: bytes + Int(offsets[Int(row)]), byteCount: Int(lengths[index]))
      end += Int(lengths[index])
    }
  }

  /// Width, least length, and the packed lengths above it.
  private func appendLengths(_ count: Int, _ length: (Int) -> UInt32) {
    var least = UInt32.max
    var greatest: UInt32 = 0
    let target = lengths.array(of: Int32.self, count: count)
    for index in 0..<count {
      let value = length(index)
      least = min(least, value)
      greatest = max(greatest, value)
      target[index] = Int32(bitPattern: value)
    }
    let width = bitCount(of: greatest - least)
    payload.append(UInt8(width))
    payload.append(least)
    Int32.pack(
      target, count: count, width: width, base: Int32(bitPattern: least),
      into: payload.extend(by: packedByteCount(count, width: width)))
  }
}
