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
    static let delta = 120
    static let patched = 110
    static let alp = 110
    static let split = 110
  }

  func appendIntegers<T: ColumnInteger>(
    _ input: PageInput, _ raw: UnsafeRawPointer, as type: T.Type
  ) -> (PageEncoding, ZoneMap) {
    let values = fillNulls(input, raw.assumingMemoryBound(to: T.self))
    let statistics = Statistics(values, count: input.rowCount)
    let choice = choose(values, count: input.rowCount, statistics, canBePacked: true)
    let encoding = choice.encoding
    append(values, count: input.rowCount, statistics, as: choice, canBePacked: true)
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

  func appendFloats<F: ALPFloat>(
    _ input: PageInput, _ raw: UnsafeRawPointer, as type: F.Type
  ) -> (PageEncoding, ZoneMap) {
    let values = fillNulls(input, raw.assumingMemoryBound(to: F.Bits.self))
    let floats = UnsafeRawPointer(values).assumingMemoryBound(to: F.self)
    let statistics = Statistics(values, count: input.rowCount)
    var choice = choose(values, count: input.rowCount, statistics, canBePacked: false)
    // Constant pages and long runs are not worth looking for digits.
    if choice.cost > input.rowCount * 100,
      let plan = ALPPlan(floats, count: input.rowCount, decimals)
    {
      choice.consider(.alp, byteCount: plan.byteCount, weight: Weight.alp)
      if choice.encoding == .alp { plan.append(count: input.rowCount, decimals, to: payload) }
    }
    if choice.encoding != .alp {
      append(values, count: input.rowCount, statistics, as: choice, canBePacked: false)
    }
    guard input.nullCount < input.rowCount else {
      return (choice.encoding, ZoneMap(allNull: input.rowCount))
    }
    let (low, high) = floatingBounds(floats, count: input.rowCount)
    return (
      choice.encoding,
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

  /// The encoding of least weighted size so far, with what is needed to write it.
  private struct Choice<T: ColumnInteger> {
    var encoding = PageEncoding.plain
    /// Bytes times percentage.
    var cost: Int
    /// The layout of the values or of their differences, for `patched` and `delta`.
    var block: BlockPlan<T>?

    mutating func consider(
      _ encoding: PageEncoding, byteCount: Int, weight: Int, block: BlockPlan<T>? = nil
    ) {
      guard byteCount * weight < cost else { return }
      self.encoding = encoding
      self.block = block
      cost = byteCount * weight
    }
  }

  private func choose<T: ColumnInteger>(
    _ values: UnsafePointer<T>, count: Int, _ statistics: Statistics<T>, canBePacked: Bool
  ) -> Choice<T> {
    let width = canBePacked ? IntegerBlock.width(min: statistics.min, max: statistics.max) : nil
    var choice = Choice<T>(cost: count * MemoryLayout<T>.size * Weight.plain)
    if let width {
      choice.consider(
        .bitPacked, byteCount: IntegerBlock.byteCount(T.self, count: count, width: width),
        weight: Weight.bitPacked)
    }
    let runs = statistics.runCount
    let runBytes =
      2 + IntegerBlock.byteCount(T.self, count: runs, width: width)
      + PackedNumbers.byteCount(count: runs, max: UInt32(count))
    choice.consider(.runLength, byteCount: runBytes, weight: Weight.runLength)
    // Nothing else beats a few bits a value, and is not worth looking for then.
    if canBePacked, choice.cost > count * 100, choice.encoding != .runLength {
      considerPacking(values, count: count, statistics, &choice)
    }
    if choice.cost > count * 100, choice.encoding != .runLength,
      integerDictionary.build(values, rowCount: count)
    {
      let entries = integerDictionary.count
      let byteCount =
        3 + IntegerBlock.byteCount(T.self, count: entries, width: width)
        + PackedNumbers.byteCount(count: count, max: UInt32(entries - 1))
      choice.consider(.dictionary, byteCount: byteCount, weight: Weight.dictionary)
    }
    return choice
  }

  private func considerPacking<T: ColumnInteger>(
    _ values: UnsafePointer<T>, count: Int, _ statistics: Statistics<T>, _ choice: inout Choice<T>
  ) {
    let plan = BlockPlan(
      values, count: count, min: statistics.min, max: statistics.max, patches: patches)
    if plan.isPatched {
      choice.consider(
        .patched, byteCount: plan.byteCount, weight: Weight.patched, block: plan)
    }
    if T.bitWidth == 128 {
      if plan.isPlain {
        choice.consider(
          .split,
          byteCount: SplitBlock.byteCount(
            count: count, min: Int128(statistics.min), max: Int128(statistics.max)),
          weight: Weight.split)
      }
      return
    }
    if let differences = planDifferences(values, count: count, below: choice.cost / Weight.delta) {
      choice.consider(
        .delta, byteCount: MemoryLayout<T>.size + differences.byteCount, weight: Weight.delta,
        block: differences)
    }
  }

  private func append<T: ColumnInteger>(
    _ values: UnsafePointer<T>, count: Int, _ statistics: Statistics<T>, as choice: Choice<T>,
    canBePacked: Bool
  ) {
    switch choice.encoding {
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
    case .patched:
      choice.block?.append(values, count: count, patches: patches, to: payload)
    case .delta:
      appendDifferences(values, count: count, choice.block)
    case .split:
      SplitBlock.append(
        UnsafeRawPointer(values).assumingMemoryBound(to: Int128.self), count: count,
        min: Int128(statistics.min), max: Int128(statistics.max), lows: runValues,
        highs: runLengths, to: payload)
    case .alp, .symbols, .sharedDictionary:
      preconditionFailure("digits of floating-point numbers and strings are written elsewhere")
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
