import ScanKernels

/// How some integers are laid out in the fewest bytes: all packed, or packed with exceptions.
struct BlockPlan<T: ColumnInteger> {
  private(set) var base: T
  private let max: T
  /// Nil when the values are not packed.
  private(set) var width: Int?
  private(set) var byteCount: Int
  private(set) var exceptionCount = 0

  var isPatched: Bool { exceptionCount > 0 }
  var isPlain: Bool { width == nil }

  private static var sampleCount: Int { 128 }
  /// Values of a sample at each end that are taken for outliers.
  private static var trimmedCount: Int { 5 }
  /// Exceptions are not looked for when they would save fewer bits a value.
  private static var savedBitsMin: Int { 2 }

  /// - Precondition: `min` and `max` bound the values; `count` is positive.
  /// Linear in `count` when a sample promises outliers, else constant.
  init(_ values: UnsafePointer<T>, count: Int, min: T, max: T, patches: PatchBuffers) {
    base = min
    self.max = max
    width = IntegerBlock.width(min: min, max: max)
    byteCount = IntegerBlock.byteCount(T.self, count: count, width: width)
    guard count >= Self.sampleCount else { return }
    let full = width ?? T.bitWidth
    withUnsafeTemporaryAllocation(of: T.self, capacity: Self.sampleCount) { sample in
      for index in sample.indices { sample[index] = values[index * count / Self.sampleCount] }
      let bounds = TrimmedBounds(sample, trimming: Self.trimmedCount)
      let (low, top) = (bounds.low, bounds.high)
      let fromMin = bitCount(of: T.Magnitude(truncatingIfNeeded: top &- min))
      let fromLow = bitCount(of: T.Magnitude(truncatingIfNeeded: top &- low))
      guard Swift.min(fromMin, fromLow) + Self.savedBitsMin <= full else { return }
      let origin = fromMin <= fromLow + 1 ? min : low
      considerExceptions(values, count: count, base: origin, fullWidth: full)
    }
  }

  /// Counts for every width the values that need more, and takes the best width.
  private mutating func considerExceptions(
    _ values: UnsafePointer<T>, count: Int, base: T, fullWidth: Int
  ) {
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 129) { counts in
      counts.initialize(repeating: 0)
      for row in 0..<count {
        counts[bitCount(of: T.Magnitude(truncatingIfNeeded: values[row] &- base))] &+= 1
      }
      var exceptions = count
      let positionWidth = bitCount(of: count)
      for width in 0...Swift.min(64, T.bitWidth - 1) {
        exceptions -= Int(counts[width])
        guard exceptions <= count / 8 else { continue }
        guard exceptions > 0 else { break }
        let bytes =
          6 + IntegerBlock.byteCount(T.self, count: count, width: width)
          + packedByteCount(exceptions, width: positionWidth)
          + IntegerBlock.byteCount(
            T.self, count: exceptions,
            width: fullWidth < Swift.min(T.bitWidth, 65) ? fullWidth : nil)
        guard bytes < byteCount else { continue }
        self.base = base
        self.width = width
        byteCount = bytes
        exceptionCount = exceptions
      }
    }
  }

  /// Appends the block of the values that were planned for.
  func append(
    _ values: UnsafePointer<T>, count: Int, patches: PatchBuffers, to out: ByteBuffer
  ) {
    guard isPatched, let width else {
      IntegerBlock.append(values, count: count, min: base, max: max, to: out)
      return
    }
    let kept = patches.kept.array(of: T.self, count: count)
    let positions = patches.positions.array(of: UInt32.self, count: exceptionCount)
    let outliers = patches.values.array(of: T.self, count: exceptionCount)
    var found = 0
    var least = T.max
    var greatest = T.min
    for row in 0..<count {
      let value = values[row]
      let isOutlier = bitCount(of: T.Magnitude(truncatingIfNeeded: value &- base)) > width
      kept[row] = isOutlier ? base : value
      guard isOutlier else { continue }
      positions[found] = UInt32(truncatingIfNeeded: row)
      outliers[found] = value
      least = Swift.min(least, value)
      greatest = Swift.max(greatest, value)
      found += 1
    }
    out.append(SegmentLayout.patchedBlockMark)
    out.append(UInt8(width))
    out.append(base)
    let target = out.extend(by: packedByteCount(count, width: width))
    T.pack(UnsafePointer(kept), count: count, width: width, base: base, into: target)
    out.appendVarint(found)
    PackedNumbers.append(
      UnsafePointer(positions), count: found, max: UInt32(truncatingIfNeeded: count - 1), to: out)
    IntegerBlock.append(
      UnsafePointer(outliers), count: found, min: least, max: greatest, to: out)
  }
}
