import StorageBase

/// The exact sum of floating-point numbers, so that it does not depend on their order: a list of
/// numbers whose bits do not overlap, smallest first, after "Adaptive Precision Floating-Point
/// Arithmetic and Fast Robust Geometric Predicates" (Shewchuk, 1997). Most sums have one or two.
///
/// An addition that exceeds the range of doubles counts as an infinity.
struct ExactFloatSum {
  private(set) var parts: [Double] = []
  /// How many of these were added; they decide the sum whatever else there is.
  private(set) var notNumbers: Int64 = 0
  private(set) var positiveInfinities: Int64 = 0
  private(set) var negativeInfinities: Int64 = 0

  /// Amortised O(parts); there are at most 40.
  mutating func add(_ number: Double) {
    guard number.isFinite else { return addSpecial(number) }
    var (rest, kept) = (number, 0)
    for index in parts.indices {
      var part = parts[index]
      if rest.magnitude < part.magnitude { swap(&rest, &part) }
      let sum = rest + part
      guard sum.isFinite else { return addSpecial(sum) }
      let error = part - (sum - rest)
      if error != 0 {
        parts[kept] = error
        kept += 1
      }
      rest = sum
    }
    if kept < parts.count {
      parts[kept] = rest
      parts.removeLast(parts.count - kept - 1)
    } else {
      parts.append(rest)
    }
  }

  private mutating func addSpecial(_ number: Double) {
    if number.isNaN {
      notNumbers += 1
    } else if number > 0 {
      positiveInfinities += 1
    } else {
      negativeInfinities += 1
    }
  }

  mutating func add(_ other: ExactFloatSum) {
    for part in other.parts { add(part) }
    notNumbers += other.notNumbers
    positiveInfinities += other.positiveInfinities
    negativeInfinities += other.negativeInfinities
  }

  /// The double nearest to the exact sum, ties to even.
  var rounded: Double {
    if notNumbers > 0 || (positiveInfinities > 0 && negativeInfinities > 0) { return .nan }
    if positiveInfinities > 0 { return .infinity }
    if negativeInfinities > 0 { return -.infinity }
    guard var sum = parts.last else { return 0 }
    var (index, error) = (parts.count - 2, 0.0)
    while index >= 0 {
      let (high, low) = (sum, parts[index])
      sum = high + low
      error = low - (sum - high)
      index -= 1
      if error != 0 { break }
    }
    // Half of a last place was left: what is below it decides to which side to round.
    if index >= 0, (error < 0) == (parts[index] < 0), parts[index] != 0 {
      let twice = error * 2
      let candidate = sum + twice
      if twice == candidate - sum { sum = candidate }
    }
    // Negative zero is no sum of its own.
    return sum == 0 ? 0 : sum
  }

  func encode(to writer: inout ByteWriter) {
    writer.appendVarint(UInt64(parts.count))
    for part in parts { writer.append(part) }
    for count in [notNumbers, positiveInfinities, negativeInfinities] {
      writer.appendVarint(UInt64(count))
    }
  }

  private static let partCountMax = 64

  init() {}

  init(from reader: inout ByteReader) throws {
    let count = try reader.readCount("parts of a sum", atMost: Self.partCountMax)
    for _ in 0..<count {
      let place = reader
      let part = try reader.readDouble("part of a sum")
      guard part.isFinite else {
        throw place.corrupt("part of a sum", expected: "a finite number", found: "\(part)")
      }
      // Whatever the bytes are, the parts are such as additions leave.
      add(part)
    }
    notNumbers += try reader.readTally("NaNs of a sum")
    positiveInfinities += try reader.readTally("infinities of a sum")
    negativeInfinities += try reader.readTally("infinities of a sum")
  }
}
