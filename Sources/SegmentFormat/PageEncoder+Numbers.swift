import StorageBase

extension PageEncoder {
  /// What a pass over the values of a page found.
  private struct Shape<T: ColumnInteger> {
    var least: T
    var greatest: T
    var runCount: Int

    /// Bits of the greatest offset from the least value; nil when it needs more than 64.
    var width: Int? {
      let range =
        T.Magnitude(truncatingIfNeeded: greatest) &- T.Magnitude(truncatingIfNeeded: least)
      let bits = bitCount(of: range)
      return bits > 64 ? nil : bits
    }
  }

  func encodeIntegers<T: ColumnInteger>(
    _ page: PageInput, _ raw: UnsafeRawPointer, as type: T.Type
  ) -> PageEncoding {
    let count = page.rowCount
    let values = filled(page, raw, as: T.self)
    let shape = shape(values, count)
    let plainBytes = count * MemoryLayout<T>.size
    let packedBytes = shape.width.map { packedByteCount(count, width: $0) } ?? plainBytes
    let runBytes = shape.runCount * (packedBytes / max(1, count) + 2) + 16
    if shape.runCount * 4 < count, runBytes * 4 < packedBytes * 3 {
      encodeRuns(values, count, runCount: shape.runCount) { appendIntegers($0, $1) }
      return .runLength
    }
    if let dictionary = dictionaryCodes(values, count, packedBytes: packedBytes) {
      appendDictionary(of: T.self, dictionary) { appendIntegers($0, $1) }
      return .dictionary
    }
    guard shape.width != nil, packedBytes < plainBytes else {
      payload.append(UnsafeRawBufferPointer(start: values, count: plainBytes))
      return .plain
    }
    appendIntegers(values, count)
    return .bitPacked
  }

  /// Floating-point numbers, as the integers of their bits.
  func encodeBits<T: ColumnInteger>(
    _ page: PageInput, _ raw: UnsafeRawPointer, as type: T.Type
  ) -> PageEncoding {
    let count = page.rowCount
    let values = filled(page, raw, as: T.self)
    let shape = shape(values, count)
    let plainBytes = count * MemoryLayout<T>.size
    let appendPlain: (UnsafePointer<T>, Int) -> Void = { [payload] values, count in
      payload.append(
        UnsafeRawBufferPointer(start: values, count: count * MemoryLayout<T>.size))
    }
    if shape.runCount * 4 < count {
      encodeRuns(values, count, runCount: shape.runCount, appendValues: appendPlain)
      return .runLength
    }
    if let dictionary = dictionaryCodes(values, count, packedBytes: plainBytes) {
      appendDictionary(of: T.self, dictionary, appendValues: appendPlain)
      return .dictionary
    }
    appendPlain(values, count)
    return .plain
  }

  private func shape<T: ColumnInteger>(_ values: UnsafePointer<T>, _ count: Int) -> Shape<T> {
    var shape = Shape(least: values[0], greatest: values[0], runCount: 1)
    for row in 1..<max(1, count) {
      shape.least = min(shape.least, values[row])
      shape.greatest = max(shape.greatest, values[row])
      shape.runCount &+= values[row] != values[row &- 1] ? 1 : 0
    }
    return shape
  }

  /// An integer block.
  private func appendIntegers<T: ColumnInteger>(_ values: UnsafePointer<T>, _ count: Int) {
    let shape = shape(values, count)
    guard let width = shape.width, width <= MemoryLayout<T>.size * 8,
      packedByteCount(count, width: width) + MemoryLayout<T>.size
        <= count * MemoryLayout<T>.size || width == 0
    else {
      payload.append(SegmentLayout.plainBlockMark)
      payload.append(
        UnsafeRawBufferPointer(start: values, count: count * MemoryLayout<T>.size))
      return
    }
    payload.append(UInt8(width))
    payload.append(shape.least)
    T.pack(
      values, count: count, width: width, base: shape.least,
      into: payload.extend(by: packedByteCount(count, width: width)))
  }

  private func encodeRuns<T: ColumnInteger>(
    _ values: UnsafePointer<T>, _ count: Int, runCount: Int,
    appendValues: (UnsafePointer<T>, Int) -> Void
  ) {
    let runValues = runs.array(of: T.self, count: runCount)
    let runLengths = lengths.array(of: UInt32.self, count: runCount)
    var run = 0
    var start = 0
    for row in 1...count where row == count || values[row] != values[row &- 1] {
      runValues[run] = values[start]
      runLengths[run] = UInt32(truncatingIfNeeded: row &- start)
      run &+= 1
      start = row
    }
    payload.appendVarint(runCount)
    appendValues(runValues, runCount)
    appendPacked(runLengths, count: runCount)
  }

  private struct DictionaryCodes {
    let entryCount: Int
    let rowCount: Int
  }

  /// Numbers each distinct value in `codes` and collects them in `runs`, if that is well below
  /// `packedBytes`; gives up as soon as there are too many.
  private func dictionaryCodes<T: ColumnInteger>(
    _ values: UnsafePointer<T>, _ count: Int, packedBytes: Int
  ) -> DictionaryCodes? {
    // Fewer than 2 bits a row cannot be saved on.
    guard packedBytes * 4 > count, MemoryLayout<T>.size <= 8, count >= 16 else { return nil }
    let entryLimit = min(4096, count / 8)
    let target = codes.array(of: UInt32.self, count: count)
    distinct.removeAll(limit: entryLimit)
    for row in 0..<count {
      let key = UInt64(truncatingIfNeeded: values[row])
      guard let code = distinct.code(of: key) else { return nil }
      target[row] = code
    }
    let entries = distinct.keys
    let width = bitCount(of: UInt32(entries.count - 1))
    let bytes = packedByteCount(count, width: width) + entries.count * MemoryLayout<T>.size + 8
    guard bytes * 4 < packedBytes * 3 else { return nil }
    let target2 = runs.array(of: T.self, count: entries.count)
    for (index, key) in entries.enumerated() { target2[index] = T(truncatingIfNeeded: key) }
    return DictionaryCodes(entryCount: entries.count, rowCount: count)
  }

  private func appendDictionary<T: ColumnInteger>(
    of type: T.Type, _ dictionary: DictionaryCodes,
    appendValues: (UnsafePointer<T>, Int) -> Void
  ) {
    payload.appendVarint(dictionary.entryCount)
    appendValues(runs.base.assumingMemoryBound(to: T.self), dictionary.entryCount)
    appendPacked(
      codes.base.assumingMemoryBound(to: UInt32.self), count: dictionary.rowCount)
  }
}
