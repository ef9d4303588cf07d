import CKernels
import ScanKernels

/// The scale of a page of decimal fractions, and what the page then takes.
struct ALPPlan<F: ALPFloat> {
  let exponent: Int
  let factor: Int
  private let values: UnsafePointer<F>
  private let exceptionCount: Int
  private let min: F.Bits
  private let max: F.Bits
  let byteCount: Int

  private static var sampleCount: Int { 32 }

  /// Encodes all values into `buffers` at the best scale for a sample of them; nil when a sample
  /// says that they are no decimal fractions. Pairs of exponents are tried on the sample only.
  init?(_ values: UnsafePointer<F>, count: Int, _ buffers: ALPBuffers) {
    guard let (exponent, factor) = Self.bestScale(values, count: count) else { return nil }
    let integers = buffers.integers.array(of: F.Bits.self, count: count)
    let exceptions = buffers.exceptions.array(of: UInt32.self, count: count)
    let found = F.encode(
      values, count: count, ALPBlock.scale(exponent: exponent, factor: factor), into: integers,
      exceptions: exceptions)
    guard found < count / 4 + 1, found < count else { return nil }
    // Slots of exceptions take a value that widens nothing: the first that came back.
    var first = 0
    while first < found, exceptions[first] == UInt32(truncatingIfNeeded: first) { first += 1 }
    for index in 0..<found { integers[Int(exceptions[index])] = integers[first] }
    var low = integers[0]
    var high = integers[0]
    for row in 1..<Swift.max(1, count) {
      low = integers[row] < low ? integers[row] : low
      high = integers[row] > high ? integers[row] : high
    }
    self.exponent = exponent
    self.factor = factor
    self.values = values
    exceptionCount = found
    min = low
    max = high
    byteCount =
      5 + Self.exceptionByteCount(found, of: count)
      + IntegerBlock.byteCount(
        F.Bits.self, count: count, width: IntegerBlock.width(min: low, max: high))
  }

  private static func exceptionByteCount(_ exceptions: Int, of count: Int) -> Int {
    packedByteCount(exceptions, width: bitCount(of: count)) + exceptions * MemoryLayout<F>.size
  }

  /// The pair of exponents that makes the sample smallest; nil when none is worth while.
  private static func bestScale(_ values: UnsafePointer<F>, count: Int) -> (Int, Int)? {
    let sampled = Swift.min(count, sampleCount)
    var best: (Int, Int)?
    // In bits: less than three quarters of plain values.
    var cost = sampled * F.Bits.bitWidth * 3 / 4
    withUnsafeTemporaryAllocation(of: F.self, capacity: sampled) { sample in
      withUnsafeTemporaryAllocation(of: F.Bits.self, capacity: sampled) { integers in
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: sampled) { exceptions in
          guard let start = sample.baseAddress, let target = integers.baseAddress,
            let misses = exceptions.baseAddress
          else { return }
          for index in 0..<sampled { start[index] = values[index * count / sampled] }
          // More digits make wider integers, so the first pair without exceptions is the best.
          for digits in 0...F.exponentMax {
            for factor in 0...(F.exponentMax - digits) {
              let scale = ALPBlock.scale(exponent: factor + digits, factor: factor)
              let found = F.encode(
                start, count: sampled, scale, into: target, exceptions: misses)
              // Other factors mend rounding, but not a lack of digits.
              if found * 4 > sampled * 3 { break }
              guard found * 2 < sampled else { continue }
              let bits =
                sampled * width(integers, misses: exceptions[..<found])
                + found * (F.Bits.bitWidth + 16)
              if bits < cost {
                cost = bits
                best = (factor + digits, factor)
              }
              if found == 0 { return }
            }
          }
        }
      }
    }
    return best
  }

  /// Bits of the range of the integers that came back.
  private static func width(
    _ integers: UnsafeMutableBufferPointer<F.Bits>,
    misses: Slice<UnsafeMutableBufferPointer<UInt32>>
  ) -> Int {
    var low = F.Bits.max
    var high = F.Bits.min
    var miss = misses.startIndex
    for index in integers.indices {
      if miss < misses.endIndex, misses[miss] == UInt32(truncatingIfNeeded: index) {
        miss += 1
        continue
      }
      low = Swift.min(low, integers[index])
      high = Swift.max(high, integers[index])
    }
    return bitCount(of: F.Bits.Magnitude(truncatingIfNeeded: high &- low))
  }

  /// Appends the page that was planned; its values must still be there.
  func append(count: Int, _ buffers: ALPBuffers, to out: ByteBuffer) {
    out.append(UInt8(exponent))
    out.append(UInt8(factor))
    IntegerBlock.append(
      UnsafePointer(buffers.integers.base.assumingMemoryBound(to: F.Bits.self)), count: count,
      min: min, max: max, to: out)
    out.appendVarint(exceptionCount)
    guard exceptionCount > 0 else { return }
    let positions = UnsafePointer(buffers.exceptions.base.assumingMemoryBound(to: UInt32.self))
    PackedNumbers.append(
      positions, count: exceptionCount, max: positions[exceptionCount - 1], to: out)
    let target = out.extend(by: exceptionCount * MemoryLayout<F>.size)
    for index in 0..<exceptionCount {
      target.storeBytes(
        of: values[Int(positions[index])], toByteOffset: index * MemoryLayout<F>.size, as: F.self)
    }
  }
}
