import StorageBase
import TabletModel

/// The merge selector of ClickHouse (`SimpleMergeSelector`): of all balanced ranges the one that
/// lessens the number of parts most per byte.
///
/// 1. Ranges of 2 to `max_parts` neighbours within the youngest `window` parts are looked at.
/// 2. A range is balanced when (sum + n·cost) / (largest + cost) is at least the base, where the
///    cost of a part is `fixed_cost_mib`. The base is `base`, lowered towards 2 as the youngest
///    part of the range gets older and the table has more parts (`ClickHouseFactors`). A range all
///    of whose parts are `force_age_s` old is always balanced.
/// 3. Parts at the young end that weigh less than 1 % of the range are left out, down to 2.
/// 4. The least score (sum + n·cost) / (n - 1.9) wins, the younger range among equals. It is up to
///    a quarter less if the range has about the size of the part before it.
///
/// Merging a range takes a time proportional to its sum and saves n - 1 parts from then on, so
/// sum / (n - 1) is the order in which the integral of parts over time is least.
///
/// `plain=true` is the bare rule, for comparison with theory: no cost, no lowering of the base, no
/// trimming, no alignment. On equal loads it is then tiering with t = base.
///
/// One range is returned at a time, where ClickHouse fills all free slots at once. Left out: the
/// optional settings that shrink `max_parts` or blur the base near the limit of parts.
public struct ClickHousePolicy: StackPolicy {
  public static let name = "clickhouse"
  public static let summary = "takes the balanced range with the least bytes per part saved"
  public static let source = "ClickHouse, SimpleMergeSelector"

  let base: Double
  let isPlain: Bool
  let partCountMax: Int
  let windowCount: Int
  let byteCountMax: Int
  let fixedCost: Double
  let forceAgeSeconds: Double
  let factors = ClickHouseFactors.shipped

  public init(_ parameters: inout PolicyParameters) {
    base = parameters.number(
      "base", default: 5, in: 2...1000, "how many times the largest part a range weighs at least")
    isPlain = parameters.flag(
      "plain", default: false, "the bare rule: no fixed cost, ageing, trimming or alignment")
    partCountMax = parameters.integer("max_parts", default: 100, in: 2...10_000, "most of a merge")
    windowCount = parameters.integer(
      "window", default: 1000, in: 2...1_000_000, "youngest parts that are looked at")
    byteCountMax = parameters.mebibytes(
      "max_mib", default: 150 << 10, in: 1...(1 << 40), "larger ranges are not merged, in MiB")
    let cost = parameters.mebibytes(
      "fixed_cost_mib", default: 5, in: 0...(1 << 20), "what a part costs beside its bytes, in MiB")
    fixedCost = isPlain ? 0 : Double(cost)
    forceAgeSeconds = parameters.number(
      "force_age_s", default: 0, in: 0...1e9, "age at which any range may be merged; 0 is never")
  }

  public var designPoint: DesignPoint {
    DesignPoint(
      trigger: "run count, bytes, age", layout: "size-ratio stack", granularity: "window",
      movement: "best score")
  }
  public var worksBesideMerges: Bool { true }

  public func choose(_ stack: RowsetStack) -> StackChoice {
    let rowsets = stack.rowsets
    let fullness = factors.fullness(partCount: stack.count)
    var best: (range: Range<Int>, score: Double, byteCount: Int)?
    var dueIn: Double?
    for start in max(0, stack.count - windowCount)..<stack.count {
      var range = PartRange(rowsets[start], at: start)
      for end in start + 1..<min(stack.count, start + partCountMax) {
        range.append(rowsets[end])
        guard range.byteCount <= byteCountMax else { break }
        let wait = secondsUntilBalanced(range, fullness: fullness, now: stack.now)
        if let wait, wait > 0 { dueIn = min(dueIn ?? wait, wait) }
        guard wait == 0 else { continue }
        let trimmed = trimmed(range, rowsets)
        let before = start == 0 ? 0 : rowsets[start - 1].byteCount
        let score = score(trimmed, before: before)
        if score <= best?.score ?? .infinity {
          if score == best?.score, start == best?.range.lowerBound { continue }
          best = (trimmed.places, score, trimmed.byteCount)
        }
      }
    }
    guard let best else {
      // A second more than needed, so that rounding cannot make the answer the same again.
      return .rest(
        until: dueIn.map { stack.now.advanced(bySeconds: $0 + 1) },
        because: "no balanced range among \(stack.count) parts")
    }
    return .merge(
      best.range,
      because: "\(best.range.count) parts of \(ByteSize(best.byteCount)) have the best score")
  }

  struct PartRange {
    var places: Range<Int>
    var byteCount: Int
    var largest: Int
    var youngest: Timestamp

    init(_ part: RowsetSummary, at place: Int) {
      places = place..<place + 1
      byteCount = part.byteCount
      largest = part.byteCount
      youngest = part.createdAt
    }

    mutating func append(_ part: RowsetSummary) {
      places = places.lowerBound..<places.upperBound + 1
      byteCount += part.byteCount
      largest = max(largest, part.byteCount)
      youngest = max(youngest, part.createdAt)
    }

    func weight(fixedCost: Double) -> Double {
      Double(byteCount) + Double(places.count) * fixedCost
    }
  }

  /// 0 if the range may be merged, nil if it never may unless something changes.
  func secondsUntilBalanced(
    _ range: PartRange, fullness: Double, now: Timestamp
  ) -> Double? {
    let weight = range.weight(fixedCost: fixedCost)
    let largest = Double(range.largest) + fixedCost
    if weight >= base * largest { return 0 }
    guard !isPlain else { return nil }
    let age = now.seconds(since: range.youngest)
    let forced = forceAgeSeconds > 0 ? max(0, forceAgeSeconds - age) : nil
    guard weight >= 2 * largest, base > 2 else { return forced }
    // The base has to fall by this share of its way to 2; the fullness has taken some of it.
    let missing = (base - weight / largest) / (base - 2) - fullness
    if missing <= 0 { return 0 }
    let ages = factors.ages(byteCount: range.byteCount)
    if factors.share(age, of: ages) >= missing { return 0 }
    let lowered = ages.lowerBound + missing * (ages.upperBound - ages.lowerBound) - age
    return min(max(lowered, 0.001), forced ?? .infinity)
  }

  func trimmed(_ range: PartRange, _ parts: [RowsetSummary]) -> PartRange {
    guard !isPlain else { return range }
    var trimmed = range
    while trimmed.places.count >= 3,
      Double(parts[trimmed.places.upperBound - 1].byteCount) < 0.01 * Double(range.byteCount)
    {
      trimmed.byteCount -= parts[trimmed.places.upperBound - 1].byteCount
      trimmed.places = trimmed.places.dropLast()
    }
    return trimmed
  }

  /// - Parameter before: bytes of the part before the range, 0 for none.
  func score(_ range: PartRange, before: Int) -> Double {
    let score = range.weight(fixedCost: fixedCost) / (Double(range.places.count) - 1.9)
    guard !isPlain, before > 0, range.byteCount > 0,
      Double(before) > 0.9 * Double(range.byteCount)
    else { return score }
    let distance = abs(binaryLogarithm(Double(range.byteCount) / Double(before)))
    return distance < 0.5 ? score * (0.75 + 0.25 * distance / 0.5) : score
  }
}
