import StorageBase

/// Where a row is: its segment, and its ordinal there.
struct RowLocation {
  let segment: RowsetSegment
  let row: UInt32
}

/// Numbers the rows of the segments of one tablet: a *handle* of 32 bits stands for a row, so that
/// a key index needs no more for it. Handles of segments that are gone are given out again. Not
/// thread-safe.
struct RowSpace {
  /// The handles of one segment: `base + row`.
  struct Range {
    let base: UInt32
    let count: UInt32
    let segment: RowsetSegment
    /// The last version that its rows can be of.
    let version: Version
    /// Whether some of its rows are deletions.
    let hasDeleteSigns: Bool
    /// Where its rows have been moved, by row; handles are resolved through it until no entry of an
    /// index has the old ones.
    var moved: [UInt32]?
    /// Whether that will not be taken back.
    var isMoveConfirmed = false

    var end: UInt64 { UInt64(base) + UInt64(count) }
  }

  /// Stands for no row.
  static let none = UInt32.max

  /// By ascending handles.
  private(set) var ranges: [Range] = []
  /// By segment.
  private var bases: [ObjectIdentifier: UInt32] = [:]

  /// Handles for the rows of a segment.
  /// - Throws: `StorageError.limitExceeded` when there are too many rows in the tablet.
  mutating func add(
    _ segment: RowsetSegment, rowCount: Int, version: Version, hasDeleteSigns: Bool
  ) throws -> UInt32 {
    var index = ranges.count
    var base = ranges.last?.end ?? 0
    if base + UInt64(rowCount) >= UInt64(Self.none) {
      (index, base) = try gap(of: UInt64(rowCount))
    }
    let range = Range(
      base: UInt32(base), count: UInt32(rowCount), segment: segment, version: version,
      hasDeleteSigns: hasDeleteSigns)
    ranges.insert(range, at: index)
    bases[ObjectIdentifier(segment)] = range.base
    return range.base
  }

  private func gap(of count: UInt64) throws -> (index: Int, base: UInt64) {
    var start: UInt64 = 0
    for (index, range) in ranges.enumerated() {
      if UInt64(range.base) - start >= count { return (index, start) }
      start = range.end
    }
    throw StorageError.limitExceeded(
      what: "rows of one tablet of a unique-key table", value: Int(start), limit: Int(Self.none),
      remedy: "use more buckets")
  }

  func base(of segment: RowsetSegment) -> UInt32? { bases[ObjectIdentifier(segment)] }

  /// Lets go of the handles of a segment, which no index has any more.
  mutating func remove(_ segment: RowsetSegment) {
    guard let base = bases.removeValue(forKey: ObjectIdentifier(segment)) else { return }
    let gone = index(of: base)
    if ranges[gone].moved != nil { bypass(ranges[gone]) }
    ranges.remove(at: gone)
  }

  /// Leads handles that were moved to a segment, and that an index may still have, to where its own
  /// were moved since.
  private mutating func bypass(_ gone: Range) {
    for index in ranges.indices where ranges[index].base != gone.base {
      guard let moved = ranges[index].moved,
        moved.contains(where: { $0 >= gone.base && UInt64($0) < gone.end })
      else { continue }
      ranges[index].moved = moved.map { handle in
        handle >= gone.base && UInt64(handle) < gone.end ? resolved(handle) : handle
      }
    }
  }

  /// From now on handles of a segment stand for others, by row.
  mutating func move(_ segment: RowsetSegment, to handles: [UInt32]) {
    guard let base = bases[ObjectIdentifier(segment)] else { return }
    ranges[index(of: base)].moved = handles
  }

  /// Takes back what `move` has said.
  mutating func moveBack(_ segment: RowsetSegment) {
    guard let base = bases[ObjectIdentifier(segment)] else { return }
    ranges[index(of: base)].moved = nil
  }

  /// What `move` has said will not be taken back.
  mutating func confirmMove(_ segment: RowsetSegment) {
    guard let base = bases[ObjectIdentifier(segment)] else { return }
    ranges[index(of: base)].isMoveConfirmed = true
  }

  /// As `resolved`, by moves only that will not be taken back.
  func settled(_ handle: UInt32) -> UInt32 {
    var handle = handle
    while handle != Self.none {
      let range = ranges[index(of: handle)]
      guard range.isMoveConfirmed, let moved = range.moved else { return handle }
      handle = moved[Int(handle - range.base)]
    }
    return handle
  }

  /// The handle of where a row is now; `none` when it has been merged away.
  func resolved(_ handle: UInt32) -> UInt32 {
    place(of: handle).map { ranges[$0.range].base + $0.row } ?? Self.none
  }

  /// Where a row is now: a position in `ranges`, and the row there; nil when it has been merged
  /// away.
  @inline(__always) func place(of handle: UInt32) -> (range: Int, row: UInt32)? {
    var handle = handle
    while handle != Self.none {
      let range = index(of: handle)
      let row = handle - ranges[range].base
      guard ranges[range].moved != nil else { return (range, row) }
      handle = ranges[range].moved?[Int(row)] ?? Self.none
    }
    return nil
  }

  /// The range of a handle that was given out. O(log segments).
  @inline(__always) func index(of handle: UInt32) -> Int {
    var low = 0
    var high = ranges.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if ranges[middle].base <= handle { low = middle } else { high = middle }
    }
    return low
  }

  /// Rows by segment. `handles` may be in any order; `none` is left out.
  func grouped(_ handles: [UInt32]) -> [(segment: RowsetSegment, rows: [UInt32])] {
    var now: [UInt32] = []
    now.reserveCapacity(handles.count)
    for handle in handles where handle != Self.none {
      let handle = resolved(handle)
      if handle != Self.none { now.append(handle) }
    }
    now.sort()
    var groups: [(segment: RowsetSegment, rows: [UInt32])] = []
    var index = 0
    while index < now.count {
      let range = ranges[self.index(of: now[index])]
      var end = index + 1
      while end < now.count, UInt64(now[end]) < range.end { end += 1 }
      groups.append((range.segment, now[index..<end].map { $0 - range.base }))
      index = end
    }
    return groups
  }
}
