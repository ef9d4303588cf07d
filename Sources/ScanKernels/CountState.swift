import CKernels
import StorageBase

/// COUNT(*) and COUNT(column).
final class CountState: AggregateState {
  private var counts: [Int64] = []

  func reserve(groupCount: Int) {
    counts.append(contentsOf: repeatElement(0, count: max(0, groupCount - counts.count)))
  }

  func fold(_ vector: ColumnVector?, selection: Bitmap?, rowCount: Int, group: Int) {
    let present = Bitmap.present(selection, vector?.nulls)
    counts[group] += Int64(present?.setCount ?? rowCount)
  }

  func scatter(
    _ vector: ColumnVector?, rows: UnsafeBufferPointer<UInt32>, groups: UnsafeBufferPointer<UInt32>
  ) {
    counts.withUnsafeMutableBufferPointer { counts in
      guard let nulls = vector?.nulls?.words else {
        for position in 0..<rows.count { counts[Int(groups[position])] &+= 1 }
        return
      }
      for position in 0..<rows.count {
        let row = Int(rows[position])
        let isNull = nulls[row &>> 6] &>> UInt64(row & 63) & 1
        counts[Int(groups[position])] &+= 1 &- Int64(isNull)
      }
    }
  }

  func add(_ vector: ColumnVector?, to groups: ByteGroups) {
    let totals =
      vector?.nulls.map { groups.counts(of: .present(groups.selection, $0)) } ?? groups.counts
    for group in totals.indices { counts[group] += Int64(totals[group]) }
  }

  var takesOffsets: Bool { true }
  var ranks: [Int64]? { counts }

  func absorb(_ other: any AggregateState, groups: [UInt32]) {
    guard let other = other as? CountState else { preconditionFailure("states of two kinds") }
    for (group, target) in groups.enumerated() { counts[Int(target)] += other.counts[group] }
  }

  func count(_ group: Int) -> Int64 { counts[group] }

  func result(_ aggregate: BoundAggregate, group: Int) throws -> Value {
    .integer(Int128(counts[group]))
  }
}
