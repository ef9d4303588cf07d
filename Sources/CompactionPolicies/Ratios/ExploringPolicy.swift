import StorageBase
import TabletModel

/// Exploring compaction of Apache HBase: looks at all windows of `min` to `max` neighbours and
/// takes the best one that is balanced.
///
/// A window is balanced when none of its rowsets is larger than `ratio` times the others together;
/// one below `min_mib` is balanced whatever it holds. More rowsets are better, then fewer bytes,
/// then age.
///
/// With `blocking` rowsets or more the tablet might be stuck: then the window with most rowsets per
/// byte is taken, a later one only if it is 5 % better, and if none is balanced the smallest. HBase
/// has min_mib = 128 (the size of a flush) and blocking = 16; both are off here by default, so that
/// choices do not depend on units. HBase's separate ratio for off-peak hours is left out, since
/// policies know no calendar.
public struct ExploringPolicy: StackPolicy {
  public static let name = "exploring"
  public static let summary = "takes the longest balanced window, then the lightest"
  public static let source = "Apache HBase, ExploringCompactionPolicy"

  let widthMin: Int
  let widthMax: Int
  let ratio: SizeRatio
  let byteCountMin: Int
  let byteCountMax: Int
  let blockingCount: Int

  public init(_ parameters: inout PolicyParameters) {
    widthMin = parameters.integer("min", default: 3, in: 2...1000, "least rowsets of a merge")
    widthMax = parameters.integer("max", default: 10, in: 2...1000, "most rowsets of a merge")
    ratio = SizeRatio(
      parameters.number(
        "ratio", default: 1.2, in: 0.001...1000, "a rowset is at most this many times the others"))
    byteCountMin = parameters.mebibytes(
      "min_mib", default: 0, in: 0...(1 << 20), "smaller windows need no balance, in MiB")
    byteCountMax = parameters.mebibytes(
      "max_mib", default: 0, in: 0...(1 << 30),
      "larger windows are not taken, in MiB; 0 is no limit"
    )
    blockingCount = parameters.integer(
      "blocking", default: 0, in: 0...100_000, "rowsets at which balance is given up; 0 is never")
    parameters.require(widthMin <= widthMax, "min must not be greater than max")
  }

  public var designPoint: DesignPoint {
    DesignPoint(
      trigger: "run count", layout: "size-ratio stack", granularity: "window", movement: "smallest")
  }
  public var worksBesideMerges: Bool { true }

  public func choose(_ stack: RowsetStack) -> StackChoice {
    let isStuck = blockingCount > 0 && stack.count >= blockingCount
    var best: Window?
    var smallest: Window?
    for window in windows(of: stack.rowsets) {
      if byteCountMax > 0, window.byteCount > byteCountMax { continue }
      if window.byteCount < smallest?.byteCount ?? Int.max { smallest = window }
      guard isBalanced(window) else { continue }
      if let old = best, !window.isBetter(than: old, isStuck: isStuck) { continue }
      best = window
    }
    if let best { return best.choice(because: "balanced") }
    if isStuck, let smallest { return smallest.choice(because: "the smallest of a full tablet") }
    return .rest(because: "no balanced window among \(stack.count) rowsets")
  }

  func isBalanced(_ window: Window) -> Bool {
    window.byteCount < byteCountMin
      || ratio.allows(window.largest, for: window.byteCount - window.largest)
  }

  /// In order of age, then of width.
  func windows(of rowsets: [RowsetSummary]) -> [Window] {
    var windows: [Window] = []
    for start in rowsets.indices {
      var window = Window(range: start..<start)
      for end in (start + 1)...max(start + 1, min(start + widthMax, rowsets.count)) {
        let byteCount = rowsets[end - 1].byteCount
        window.range = start..<end
        window.byteCount += byteCount
        window.largest = max(window.largest, byteCount)
        if window.range.count >= widthMin { windows.append(window) }
      }
    }
    return windows
  }

  struct Window {
    var range: Range<Int>
    var byteCount = 0
    var largest = 0

    func isBetter(than other: Window, isStuck: Bool) -> Bool {
      guard isStuck else {
        return range.count > other.range.count
          || range.count == other.range.count && byteCount < other.byteCount
      }
      let density = Double(range.count) / Double(max(byteCount, 1))
      return density > 1.05 * Double(other.range.count) / Double(max(other.byteCount, 1))
    }

    func choice(because reason: String) -> StackChoice {
      .merge(range, because: "\(reason): \(range.count) rowsets of \(ByteSize(byteCount))")
    }
  }
}
