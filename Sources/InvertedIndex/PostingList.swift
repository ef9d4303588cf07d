/// The rows of one term, ascending, and for each its positions, ascending. Reused from term to
/// term. Not thread-safe.
final class PostingList {
  private(set) var rows: [UInt32] = []
  /// For each row where its positions end; empty if positions are not kept.
  private(set) var ends: [Int] = []
  private(set) var positions: [UInt32] = []

  func removeAll() {
    rows.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
    positions.removeAll(keepingCapacity: true)
  }

  @inline(__always) func append(row: UInt32) { rows.append(row) }

  /// Adds a position to the last row.
  @inline(__always) func append(position: UInt32) {
    positions.append(position)
    if ends.count == rows.count {
      ends[ends.count &- 1] = positions.count
    } else {
      ends.append(positions.count)
    }
  }

  /// Where the positions of the row of that ordinal lie.
  @inline(__always) func positionRange(_ ordinal: Int) -> Range<Int> {
    (ordinal == 0 ? 0 : ends[ordinal &- 1])..<ends[ordinal]
  }
}
