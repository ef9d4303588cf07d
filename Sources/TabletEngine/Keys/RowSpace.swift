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
    /// Where its rows have been moved; handles are resolved through it until no entry of an index
    /// has the old ones.
    var move: Move?

    var end: UInt64 { UInt64(base) + UInt64(count) }

    func contains(_ handle: UInt32) -> Bool { handle >= base && UInt64(handle) < end }
  }

  /// Where the rows of a segment have been moved.
  struct Move {
    /// By row: its number among the rows of all segments that it may have been moved to, or `none`.
    let rows: [UInt32]
    /// Where the rows of each of those begin among them, and its handles.
    let starts: [UInt32]
    let bases: [UInt32]
    /// Whether it will not be taken back.
    var isConfirmed = false

    init(rows: [UInt32], starts: [UInt32], bases: [UInt32]) {
      precondition(starts.count == bases.count)
      self.rows = rows
      self.starts = starts
      self.bases = bases
    }

    /// - Parameter handles: by row.
    init(to handles: [UInt32]) { self.init(rows: handles, starts: [0], bases: [0]) }

    @inline(__always) func handle(of row: UInt32) -> UInt32 {
      let number = rows[Int(row)]
      guard number != RowSpace.none else { return RowSpace.none }
      var index = starts.count - 1
      while index > 0, starts[index] > number { index -= 1 }
      return bases[index] + (number - starts[index])
    }

    /// Whether rows may have been moved to a segment. Segments are known by their handles, which
    /// are those of no other as long as rows lead to them.
    func leads(to range: Range) -> Bool {
      bases == [0]
        ? rows.contains { $0 != RowSpace.none && range.contains($0) }
        : bases.contains(range.base)
    }
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
    if ranges[gone].move != nil { bypass(ranges[gone]) }
    ranges.remove(at: gone)
  }

  /// Leads handles that were moved to a segment, and that an index may still have, to where its own
  /// were moved since.
  private mutating func bypass(_ gone: Range) {
    for index in ranges.indices where ranges[index].base != gone.base {
      guard let move = ranges[index].move, move.leads(to: gone) else { continue }
      var past = Move(
        to: move.rows.indices.map { row in
          let handle = move.handle(of: UInt32(row))
          return handle != Self.none && gone.contains(handle) ? resolved(handle) : handle
        })
      past.isConfirmed = move.isConfirmed
      ranges[index].move = past
    }
  }

  /// From now on handles of a segment stand for others. O(1).
  mutating func move(_ segment: RowsetSegment, to move: Move) {
    guard let base = bases[ObjectIdentifier(segment)] else { return }
    ranges[index(of: base)].move = move
  }

  /// Takes back what `move` has said.
  mutating func moveBack(_ segment: RowsetSegment) {
    guard let base = bases[ObjectIdentifier(segment)] else { return }
    ranges[index(of: base)].move = nil
  }

  /// What `move` has said will not be taken back.
  mutating func confirmMove(_ segment: RowsetSegment) {
    guard let base = bases[ObjectIdentifier(segment)] else { return }
    ranges[index(of: base)].move?.isConfirmed = true
  }

  /// As `resolved`, by moves only that will not be taken back.
  func settled(_ handle: UInt32) -> UInt32 {
    var handle = handle
    while handle != Self.none {
      let range = ranges[index(of: handle)]
      guard let move = range.move, move.isConfirmed else { return handle }
      handle = move.handle(of: handle - range.base)
    }
    return handle
  }

  /// The handles of some rows of a segment and those of where they are now; nil when the segment
  /// has none.
  func moves(of rows: [UInt32], in segment: RowsetSegment) -> (old: [UInt32], new: [UInt32])? {
    guard let base = bases[ObjectIdentifier(segment)] else { return nil }
    let old = rows.map { base + $0 }
    guard let move = ranges[index(of: base)].move else { return (old, old) }
    // Neighbours are mostly in one segment, which is where they stay.
    var target = ranges[index(of: base)]
    let new = rows.map { row -> UInt32 in
      let handle = move.handle(of: row)
      if handle == Self.none { return handle }
      if !target.contains(handle) { target = ranges[index(of: handle)] }
      return target.move == nil ? handle : resolved(handle)
    }
    return (old, new)
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
      guard ranges[range].move != nil else { return (range, row) }
      handle = ranges[range].move?.handle(of: row) ?? Self.none
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
