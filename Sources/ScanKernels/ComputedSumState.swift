import StorageBase

/// SUM and AVG of exact computed values, whose vectors are 64 bits wide on most pages and 128 where
/// they have to be.
final class ComputedSumState: AggregateState {
  private let narrow = IntegerSumState(countsRows: true)
  private let wide = WideSumState()

  func reserve(groupCount: Int) {
    narrow.reserve(groupCount: groupCount)
    wide.reserve(groupCount: groupCount)
  }

  func fold(_ vector: ColumnVector?, selection: Bitmap?, rowCount: Int, group: Int) {
    state(for: vector).fold(vector, selection: selection, rowCount: rowCount, group: group)
  }

  func scatter(
    _ vector: ColumnVector?, rows: UnsafeBufferPointer<UInt32>, groups: UnsafeBufferPointer<UInt32>
  ) {
    state(for: vector).scatter(vector, rows: rows, groups: groups)
  }

  func add(_ vector: ColumnVector?, to groups: ByteGroups) {
    state(for: vector).add(vector, to: groups)
  }

  var takesOffsets: Bool { true }

  private func state(for vector: ColumnVector?) -> any AggregateState {
    vector?.type.physical == .int128 ? wide : narrow
  }

  func absorb(_ other: any AggregateState, groups: [UInt32]) {
    guard let other = other as? ComputedSumState else { preconditionFailure("states of two kinds") }
    narrow.absorb(other.narrow, groups: groups)
    wide.absorb(other.wide, groups: groups)
  }

  func result(_ aggregate: BoundAggregate, group: Int) throws -> Value {
    var total = wide.total(group)
    total.add(narrow.total(group))
    return try total.result(aggregate, count: narrow.count(group) + wide.count(group))
  }
}
