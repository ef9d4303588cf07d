import StorageBase
import TabletModel

/// At most `k` rowsets: with one more, the oldest one that is not larger than all younger ones
/// together is merged with these; if there is none, the two youngest are merged.
///
/// This is how the merging compactions of Bigtable (Chang et al., OSDI 2006), described there in a
/// sentence, were made precise for comparison by Mao et al.
public struct BigtablePolicy: StackPolicy {
  public static let name = "bigtable"
  public static let summary = "with more than k rowsets, merges a suffix whose oldest is not heavy"
  public static let source = "Bigtable, OSDI 2006, as in Mao et al., VLDBJ 30(3), 2021"

  let k: Int

  public init(_ parameters: inout PolicyParameters) {
    k = parameters.integer("k", default: 4, in: 1...1000, "rowsets left alone")
  }

  public var designPoint: DesignPoint {
    DesignPoint(
      trigger: "run count", layout: "size-ratio stack", granularity: "suffix", movement: "oldest")
  }

  public func choose(_ stack: RowsetStack) -> StackChoice {
    let count = stack.count
    guard count > k else { return .rest(because: "\(count) rowsets, limit \(k)") }
    var younger = stack.rowsets.totalByteCount
    for (place, rowset) in stack.rowsets.enumerated().dropLast() {
      younger -= rowset.byteCount
      if rowset.byteCount <= younger {
        return .merge(
          place..<count,
          because: "\(count) rowsets, limit \(k): \(ByteSize(rowset.byteCount)) are not more than "
            + "the \(ByteSize(younger)) after them")
      }
    }
    return .merge(
      count - 2..<count, because: "\(count) rowsets, limit \(k), and every one is heavy")
  }
}
