import StorageBase

/// The running figures of one aggregate for every group, in flat arrays indexed by group number.
/// Chosen once per query by the type of the column; called once per page. Not thread-safe.
protocol AggregateState: AnyObject {
  /// Makes room for groups `0..<groupCount`.
  func reserve(groupCount: Int)

  /// Adds the selected rows of a page (nil: all) to one group.
  /// - Parameter vector: the column; nil only for COUNT(*).
  func fold(_ vector: ColumnVector?, selection: Bitmap?, rowCount: Int, group: Int)

  /// Adds each row of `rows` of a page to the group beside it.
  func scatter(
    _ vector: ColumnVector?, rows: UnsafeBufferPointer<UInt32>, groups: UnsafeBufferPointer<UInt32>)

  /// Adds each selected row of a page to its group.
  /// - Parameter vector: may be narrow.
  func add(_ vector: ColumnVector?, to groups: ByteGroups)

  /// Whether `fold` and `scatter` take vectors of offsets.
  var takesOffsets: Bool { get }

  /// For each group a number that orders like its figure; nil when there is none.
  var ranks: [Int64]? { get }

  /// Adds what another state of the same kind holds: its group `g` to group `groups[g]` here.
  func absorb(_ other: any AggregateState, groups: [UInt32])

  /// The figure of one group.
  /// - Throws: `StorageError.limitExceeded` when a sum does not fit its type.
  func result(_ aggregate: BoundAggregate, group: Int) throws -> Value
}

extension AggregateState {
  var takesOffsets: Bool { false }
  var ranks: [Int64]? { nil }
}

extension Bitmap {
  /// Those of `selection` (nil: all rows) that are not null; nil when that is all rows.
  static func present(_ selection: Bitmap?, _ nulls: Bitmap?) -> Bitmap? {
    guard let nulls else { return selection }
    return (selection ?? .full(count: nulls.count)).subtracting(nulls)
  }
}
