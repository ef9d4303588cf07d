import StorageBase

/// Where the rows of some keys are: numbers in flat arrays, so that a key costs no reference.
struct KeyLocations {
  /// The segment number of a key that has no row.
  static let none = UInt32.max

  private(set) var segments: [RowsetSegment] = []
  /// By segment, the new values that its rows have; empty for none at all.
  private(set) var patched: [PatchedRows?] = []
  /// By key: the position of its segment in `segments`, or `none`.
  private(set) var segmentNumbers: [UInt32]
  /// By key: the row of that segment; 0 for none.
  private(set) var rows: [UInt32]

  /// No key has a row.
  init(count: Int) {
    segmentNumbers = [UInt32](repeating: Self.none, count: count)
    rows = [UInt32](repeating: 0, count: count)
  }

  var count: Int { rows.count }

  /// Whether all keys have a row.
  var isComplete: Bool { !segmentNumbers.contains(Self.none) }

  func hasRow(_ key: Int) -> Bool { segmentNumbers[key] != Self.none }

  /// Costs a reference.
  subscript(key: Int) -> RowLocation? {
    guard hasRow(key) else { return nil }
    return RowLocation(segment: segments[Int(segmentNumbers[key])], row: rows[key])
  }

  /// From now on the key has no row.
  mutating func clear(_ key: Int) { set(key, segment: Self.none, row: 0) }

  /// Adds a segment and returns its number.
  mutating func add(_ segment: RowsetSegment) -> UInt32 {
    segments.append(segment)
    return UInt32(segments.count - 1)
  }

  /// - Precondition: the segment has been added.
  @inline(__always)
  mutating func set(_ key: Int, segment: UInt32, row: UInt32) {
    segmentNumbers[key] = segment
    rows[key] = row
  }

  /// Linear in the segments, unless it is the last one again.
  mutating func set(_ key: Int, _ location: RowLocation) {
    let known = segments.lastIndex { $0 === location.segment }.map { UInt32($0) }
    set(key, segment: known ?? add(location.segment), row: location.row)
  }

  /// Adds the new values that the rows have for readers of a snapshot.
  /// - Precondition: all of them are of that snapshot.
  mutating func patch(in tablet: TabletSnapshot) {
    let patches = segments.map(tablet.patches(of:))
    patched = patches.allSatisfy { $0 == nil } ? [] : patches
  }

  func patched(_ segment: Int) -> PatchedRows? { patched.isEmpty ? nil : patched[segment] }

  /// Takes over what another one has for some keys.
  /// - Parameter keys: by key of `part`, its position here.
  mutating func merge(_ part: KeyLocations, at keys: [UInt32]) {
    let first = UInt32(segments.count)
    let patches = segments.indices.map(patched) + part.segments.indices.map(part.patched)
    segments += part.segments
    patched = patches.allSatisfy { $0 == nil } ? [] : patches
    for (index, key) in keys.enumerated() where part.segmentNumbers[index] != Self.none {
      set(Int(key), segment: first + part.segmentNumbers[index], row: part.rows[index])
    }
  }
}
