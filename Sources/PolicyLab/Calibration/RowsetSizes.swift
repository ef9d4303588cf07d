import StorageBase
import TabletModel

/// How many bytes a rowset has for its rows, as measured: small ones have more for each row, since
/// they have heads and dictionaries of their own. It says what merging saves where keys are new.
public struct RowsetSizes: Hashable, Sendable {
  /// Rising in rows; neither is 0.
  private let points: [Point]

  private struct Point: Hashable, Sendable {
    let rowCount: Double
    let byteCount: Double
  }

  /// What some rowsets have. Those of about the same number of rows become one point.
  /// - Returns: nil if none has rows and bytes.
  public init?(_ rowsets: some Sequence<RowsetSummary>) {
    var groups: [Int: (rows: Double, bytes: Double, count: Double)] = [:]
    for rowset in rowsets where rowset.rowCount > 0 && rowset.byteCount > 0 {
      let group = Int((binaryLogarithm(Double(rowset.rowCount)) * Self.groupsPerOctave).rounded())
      let sum = groups[group] ?? (0, 0, 0)
      groups[group] = (
        sum.rows + Double(rowset.rowCount), sum.bytes + Double(rowset.byteCount), sum.count + 1
      )
    }
    guard !groups.isEmpty else { return nil }
    points = groups.sorted { $0.key < $1.key }.map {
      Point(rowCount: $0.value.rows / $0.value.count, byteCount: $0.value.bytes / $0.value.count)
    }
  }

  private static let groupsPerOctave = 4.0

  /// No rowset of the curve has less for a row.
  var leastBytesPerRow: Double { points.map { $0.byteCount / $0.rowCount }.min() ?? 0 }

  /// The rows of a rowset of so many bytes; at least 1.
  public func rowCount(ofBytes byteCount: Int) -> Int {
    var (low, high) = (1, 2)
    while self.byteCount(ofRows: high) < Double(byteCount), high < Int.max >> 2 {
      (low, high) = (high, high * 2)
    }
    while high - low > 1 {
      let middle = low + (high - low) / 2
      if self.byteCount(ofRows: middle) <= Double(byteCount) { low = middle } else { high = middle }
    }
    return low
  }

  /// Between points a power law; beyond them the bytes for a row stay as they are.
  func byteCount(ofRows rowCount: Int) -> Double {
    let rows = Double(rowCount)
    guard let next = points.firstIndex(where: { $0.rowCount >= rows }) else {
      let last = points[points.count - 1]
      return last.byteCount * rows / last.rowCount
    }
    let high = points[next]
    guard next > 0, high.rowCount > rows else { return high.byteCount * rows / high.rowCount }
    let low = points[next - 1]
    let way =
      binaryLogarithm(rows / low.rowCount) / binaryLogarithm(high.rowCount / low.rowCount)
    return low.byteCount * exponential(way * naturalLogarithm(high.byteCount / low.byteCount))
  }

  /// Bytes of a merge of these rowsets if all their keys are different; nil if the rows of one are
  /// not known.
  ///
  /// It is what a rowset of all the rows has, not what inputs have, made smaller: errors of one
  /// merge would then be handed on to the next.
  func mergedByteCount(of inputs: [RowsetSummary]) -> Int? {
    var rowCount = 0
    for rowset in inputs where !rowset.isEmpty {
      guard rowset.rowCount > 0 else { return nil }
      rowCount += rowset.rowCount
    }
    return rowCount > 0 ? Int(byteCount(ofRows: rowCount).rounded()) : 0
  }
}
