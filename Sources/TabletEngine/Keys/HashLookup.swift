import StorageBase
import TabletModel

/// What the handles of a hash key index say to the readers of one snapshot, which the index may be
/// newer than. The segments are judged once, not for every row.
struct HashLookup {
  private let space: RowSpace
  /// Keys of older versions may be missing in the index.
  private let forgottenVersion: Version
  private let tablet: TabletSnapshot

  init(_ space: RowSpace, _ forgottenVersion: Version, _ tablet: TabletSnapshot) {
    self.space = space
    self.forgottenVersion = forgottenVersion
    self.tablet = tablet
  }

  /// In the place of a segment number.
  private static let notJudged = UInt32.max
  private static let notReadable = UInt32.max - 1

  /// Sets the places of the keys that have these handles.
  /// - Returns: the keys about which the index says nothing for this snapshot, ascending.
  func locate(_ handles: [UInt32], into locations: inout KeyLocations) -> [UInt32] {
    var unknown: [UInt32] = []
    var numbers = [UInt32](repeating: Self.notJudged, count: space.ranges.count)
    let isMissingKnown = forgottenVersion <= tablet.version
    for key in handles.indices {
      guard let place = space.place(of: handles[key]) else {
        if !isMissingKnown { unknown.append(UInt32(key)) }
        continue
      }
      if numbers[place.range] == Self.notJudged {
        numbers[place.range] =
          isReadable(place.range)
          ? locations.add(space.ranges[place.range].segment) : Self.notReadable
      }
      let number = numbers[place.range]
      if number == Self.notReadable {
        unknown.append(UInt32(key))
      } else if !isDeletion(place.range, place.row) {
        locations.set(key, segment: number, row: place.row)
      }
    }
    return unknown
  }

  /// What the index says about the key that has this handle, or none.
  func find(_ handle: UInt32) -> KeyFinding {
    guard let place = space.place(of: handle) else {
      return forgottenVersion <= tablet.version ? .none : .unknown
    }
    guard isReadable(place.range) else { return .unknown }
    if isDeletion(place.range, place.row) { return .none }
    return .row(RowLocation(segment: space.ranges[place.range].segment, row: place.row))
  }

  /// Whether the snapshot has the segment, so that its file stays for as long as it is held. If it
  /// has, a row that is the newest of its key by now was so for the snapshot.
  private func isReadable(_ range: Int) -> Bool {
    let version = space.ranges[range].version
    var (low, high) = (0, tablet.rowsets.count)
    while low < high {
      let middle = (low + high) / 2
      if tablet.rowsets[middle].summary.versions.last < version {
        low = middle + 1
      } else {
        high = middle
      }
    }
    return low < tablet.rowsets.count
      && tablet.rowsets[low].id == space.ranges[range].segment.rowset
  }

  /// Nothing but the deletion of a key is deleted while the index leads to it.
  @inline(__always) private func isDeletion(_ range: Int, _ row: UInt32) -> Bool {
    space.ranges[range].hasDeleteSigns
      && space.ranges[range].segment.deletes.contains(row, at: tablet.version)
  }
}

/// What a key index says about a key.
enum KeyFinding {
  /// Where its row is.
  case row(RowLocation)
  /// It has no row.
  case none
  /// The index does not know for this snapshot.
  case unknown
}
