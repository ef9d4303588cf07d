import StorageBase

/// The figures of an aggregate over those rows only that a condition of its own selects.
final class FilteredState: AggregateState {
  private let inner: any AggregateState
  /// The rows of the page at hand that the condition selects.
  var accepted = Bitmap(count: 0)
  private var rows: [UInt32] = []
  private var groups: [UInt32] = []

  init(_ inner: any AggregateState) { self.inner = inner }

  func reserve(groupCount: Int) { inner.reserve(groupCount: groupCount) }

  func fold(_ vector: ColumnVector?, selection: Bitmap?, rowCount: Int, group: Int) {
    let both = selection.map { accepted.intersection($0) } ?? accepted
    inner.fold(vector, selection: both, rowCount: rowCount, group: group)
  }

  func scatter(
    _ vector: ColumnVector?, rows: UnsafeBufferPointer<UInt32>, groups: UnsafeBufferPointer<UInt32>
  ) {
    if self.rows.count < rows.count {
      self.rows = Array(repeating: 0, count: rows.count)
      self.groups = Array(repeating: 0, count: rows.count)
    }
    let words = accepted.words
    self.rows.withUnsafeMutableBufferPointer { ownRows in
      self.groups.withUnsafeMutableBufferPointer { ownGroups in
        var count = 0
        for position in 0..<rows.count {
          let row = rows[position]
          ownRows[count] = row
          ownGroups[count] = groups[position]
          count &+= Int(truncatingIfNeeded: words[Int(row &>> 6)] &>> UInt64(row & 63) & 1)
        }
        inner.scatter(
          vector, rows: UnsafeBufferPointer(rebasing: ownRows[..<count]),
          groups: UnsafeBufferPointer(rebasing: ownGroups[..<count]))
      }
    }
  }

  func add(_ vector: ColumnVector?, to groups: ByteGroups) {
    let both = groups.selection.map { accepted.intersection($0) } ?? accepted
    let fewer = ByteGroups(
      numbers: groups.numbers, selection: both, rowCount: groups.rowCount,
      groupCount: groups.groupCount)
    inner.add(vector, to: fewer)
  }

  var takesOffsets: Bool { inner.takesOffsets }

  func absorb(_ other: any AggregateState, groups: [UInt32]) {
    guard let other = other as? FilteredState else { preconditionFailure("states of two kinds") }
    inner.absorb(other.inner, groups: groups)
  }

  func result(_ aggregate: BoundAggregate, group: Int) throws -> Value {
    try inner.result(aggregate, group: group)
  }
}

extension FilteredState: DistinctMemory {
  var byteCount: Int { (inner as? any DistinctMemory)?.byteCount ?? 0 }
}
