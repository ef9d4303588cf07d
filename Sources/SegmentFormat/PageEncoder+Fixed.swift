import StorageBase

extension PageEncoder {
  /// What a pass over the values tells.
  struct Statistics<T: ColumnInteger> {
    var min: T
    var max: T
    var runCount: Int

    init(_ values: UnsafePointer<T>, count: Int) {
      var low = values[0]
      var high = values[0]
      var changes = 0
      for index in 1..<Swift.max(1, count) {
        let value = values[index]
        low = value < low ? value : low
        high = value > high ? value : high
        changes &+= value != values[index &- 1] ? 1 : 0
      }
      min = low
      max = high
      runCount = changes + 1
    }
  }

  /// Percentages by which a size is weighted: reading costs more than the bytes say.
  private enum Weight {
    static let plain = 100
    static let bitPacked = 104
    static let runLength = 125
    static let dictionary = 130
  }

  func appendIntegers<T: ColumnInteger>(
    _ input: PageInput, _ raw: UnsafeRawPointer, as type: T.Type
  ) -> (PageEncoding, ZoneMap) {
    let values = fillNulls(input, raw.assumingMemoryBound(to: T.self))
    let statistics = Statistics(values, count: input.rowCount)
    let encoding = appendBest(
      values, count: input.rowCount, statistics, canBePacked: true)
    guard input.nullCount < input.rowCount else {
      return (encoding, ZoneMap(allNull: input.rowCount))
    }
    return (
      encoding,
      ZoneMap(
        min: .integer(Int128(statistics.min)), max: .integer(Int128(statistics.max)),
        nullCount: input.nullCount, rowCount: input.rowCount)
    )
  }

  func appendFloats<F: BinaryFloatingPoint & BitwiseCopyable, T: ColumnInteger>(
    _ input: PageInput, _ raw: UnsafeRawPointer, as type: F.Type, bits: T.Type
  ) -> (PageEncoding, ZoneMap) {
    let values = fillNulls(input, raw.assumingMemoryBound(to: T.self))
    let statistics = Statistics(values, count: input.rowCount)
    let encoding = appendBest(
      values, count: input.rowCount, statistics, canBePacked: false)
    guard input.nullCount < input.rowCount else {
      return (encoding, ZoneMap(allNull: input.rowCount))
    }
    let (low, high) = floatingBounds(
      UnsafeRawPointer(values).assumingMemoryBound(to: F.self), count: input.rowCount)
    return (
      encoding,
      ZoneMap(
        min: .floating(Double(low)), max: .floating(Double(high)), nullCount: input.nullCount,
        rowCount: input.rowCount)
    )
  }

  /// The values with those of null rows replaced by a neighbour's, so that they neither widen the
  /// range nor break a run; all zero when every row is null.
  private func fillNulls<T: ColumnInteger>(
    _ input: PageInput, _ values: UnsafePointer<T>
  ) -> UnsafePointer<T> {
    guard input.nullCount > 0 else { return values }
    let target = filled.array(of: T.self, count: input.rowCount)
    var previous: T = 0
    for row in 0..<input.rowCount where !input.isNull(row) {
      previous = values[row]
      break
    }
    for row in 0..<input.rowCount {
      if !input.isNull(row) { previous = values[row] }
      target[row] = previous
    }
    return UnsafePointer(target)
  }

  private func appendBest<T: ColumnInteger>(
    _ values: UnsafePointer<T>, count: Int, _ statistics: Statistics<T>, canBePacked: Bool
  ) -> PageEncoding {
    let size = MemoryLayout<T>.size
    let width = canBePacked ? IntegerBlock.width(min: statistics.min, max: statistics.max) : nil
    var best = PageEncoding.plain
    var cost = count * size * Weight.plain
    func consider(_ encoding: PageEncoding, byteCount: Int, weight: Int) {
      guard byteCount * weight < cost else { return }
      best = encoding
      cost = byteCount * weight
    }
    if let width {
      consider(
        .bitPacked, byteCount: IntegerBlock.byteCount(T.self, count: count, width: width),
        weight: Weight.bitPacked)
    }
    let runs = statistics.runCount
    let runBytes =
      2 + IntegerBlock.byteCount(T.self, count: runs, width: width)
      + PackedNumbers.byteCount(count: runs, max: UInt32(count))
    consider(.runLength, byteCount: runBytes, weight: Weight.runLength)
    // A dictionary cannot beat a few bits a value, and is not worth looking for then.
    if cost > count * 100, best != .runLength, integerDictionary.build(values, rowCount: count) {
      let entries = integerDictionary.count
      let byteCount =
        3 + IntegerBlock.byteCount(T.self, count: entries, width: width)
        + PackedNumbers.byteCount(count: count, max: UInt32(entries - 1))
      consider(.dictionary, byteCount: byteCount, weight: Weight.dictionary)
    }
    append(values, count: count, statistics, as: best, canBePacked: canBePacked)
    return best
  }

  private func append<T: ColumnInteger>(
    _ values: UnsafePointer<T>, count: Int, _ statistics: Statistics<T>, as encoding: PageEncoding,
    canBePacked: Bool
  ) {
    switch encoding {
    case .plain:
      payload.append(UnsafeRawBufferPointer(start: values, count: count * MemoryLayout<T>.size))
    case .bitPacked:
      IntegerBlock.append(
        values, count: count, min: statistics.min, max: statistics.max, to: payload)
    case .runLength:
      appendRuns(values, count: count, statistics, canBePacked: canBePacked)
    case .dictionary:
      let entries = integerDictionary.count
      payload.appendVarint(entries)
      appendValueBlock(
        integerDictionary.entries(as: T.self), count: entries, statistics,
        canBePacked: canBePacked)
      PackedNumbers.append(
        integerDictionary.codes, count: count, max: UInt32(entries - 1), to: payload)
    }
  }

  private func appendValueBlock<T: ColumnInteger>(
    _ values: UnsafePointer<T>, count: Int, _ statistics: Statistics<T>, canBePacked: Bool
  ) {
    if canBePacked {
      IntegerBlock.append(
        values, count: count, min: statistics.min, max: statistics.max, to: payload)
    } else {
      payload.append(UnsafeRawBufferPointer(start: values, count: count * MemoryLayout<T>.size))
    }
  }

  private func appendRuns<T: ColumnInteger>(
    _ values: UnsafePointer<T>, count: Int, _ statistics: Statistics<T>, canBePacked: Bool
  ) {
    let runs = statistics.runCount
    let heads = runValues.array(of: T.self, count: runs)
    let lengths = runLengths.array(of: UInt32.self, count: runs)
    var run = 0
    var start = 0
    var longest: UInt32 = 0
    for row in 1..<(count + 1) where row == count || values[row] != values[row &- 1] {
      let length = UInt32(row &- start)
      heads[run] = values[start]
      lengths[run] = length
      longest = max(longest, length)
      run &+= 1
      start = row
    }
    payload.appendVarint(runs)
    appendValueBlock(UnsafePointer(heads), count: runs, statistics, canBePacked: canBePacked)
    PackedNumbers.append(UnsafePointer(lengths), count: runs, max: longest, to: payload)
  }
}

/// The least and greatest of some numbers, NaN being the greatest.
/// - Precondition: `count` is positive.
private func floatingBounds<F: BinaryFloatingPoint>(
  _ values: UnsafePointer<F>, count: Int
) -> (F, F) {
  var low = F.nan
  var high = F.nan
  var nanCount = 0
  for index in 0..<count {
    let value = values[index]
    if value.isNaN {
      nanCount &+= 1
    } else if low.isNaN {
      low = value
      high = value
    } else {
      low = value < low ? value : low
      high = value > high ? value : high
    }
  }
  return (low, nanCount > 0 ? .nan : high)
}
