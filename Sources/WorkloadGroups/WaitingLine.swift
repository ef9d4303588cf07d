import StorageBase

/// Operations of one group that wait, in the order they came; taken from either end. A value;
/// adding and taking are O(1) on average.
struct WaitingLine<Work> {
  struct Place {
    let id: OperationID
    let work: Work
    let request: AdmissionRequest
    let queuedAt: Timestamp
    /// When it is refused unless its turn has come: by its group, or by its client.
    let expiresAt: Timestamp
  }

  /// From `first` on; what is before it has been taken.
  private var places: [Place?] = []
  private var first = 0
  private(set) var count = 0
  /// No later than the first of them expires.
  private(set) var earliestExpiry = Timestamp(rawValue: .max)

  mutating func append(_ place: Place) {
    places.append(place)
    count += 1
    earliestExpiry = min(earliestExpiry, place.expiresAt)
  }

  var front: Place? { first < places.count ? places[first] : nil }

  mutating func takeFront() -> Place? {
    guard let place = front else { return nil }
    remove(at: first)
    return place
  }

  var back: Place? { count > 0 ? places[places.count - 1] : nil }

  mutating func takeBack() -> Place? {
    guard let place = back else { return nil }
    places.removeLast()
    count -= 1
    if count == 0 { clear() }
    return place
  }

  /// Takes out those that have expired. Costs nothing as long as none can have, else linear.
  mutating func takeExpired(at now: Timestamp) -> [Place] {
    guard now >= earliestExpiry else { return [] }
    return takeAll { $0.expiresAt <= now }
  }

  /// Linear in those that wait.
  mutating func take(_ id: OperationID) -> Place? { takeAll { $0.id == id }.first }

  private mutating func takeAll(where condition: (Place) -> Bool) -> [Place] {
    var taken: [Place] = []
    var kept: [Place?] = []
    kept.reserveCapacity(count)
    for case let place? in places[first...] {
      if condition(place) { taken.append(place) } else { kept.append(place) }
    }
    places = kept
    first = 0
    count = kept.count
    earliestExpiry =
      kept.lazy.compactMap { $0?.expiresAt }.min() ?? Timestamp(rawValue: .max)
    return taken
  }

  private mutating func remove(at index: Int) {
    places[index] = nil
    first = index + 1
    count -= 1
    if count == 0 {
      clear()
    } else if first > 1024, first * 2 > places.count {
      places.removeFirst(first)
      first = 0
    }
  }

  private mutating func clear() {
    places.removeAll(keepingCapacity: true)
    first = 0
    earliestExpiry = Timestamp(rawValue: .max)
  }
}
