import StorageBase

/// The terms of a range query: from `first` on, as long as they are before `end` (or equal to it).
struct KeyRange {
  /// No term before it is in the range.
  var first: [UInt8]
  var isFirstIncluded: Bool
  /// Nil for no end.
  var end: [UInt8]?
  var isEndIncluded: Bool

  /// Nil if no value can lie between the bounds. A null bound is never fulfilled.
  init?(lower: IndexQuery.Bound?, upper: IndexQuery.Bound?, type: DataType) {
    first = []
    isFirstIncluded = true
    end = nil
    isEndIncluded = false
    if let lower {
      switch OrderedKey.place(of: lower.value, type: type) {
      case .none, .above: return nil
      case .below: break
      case .at(let key):
        first = key
        isFirstIncluded = lower.isInclusive
      }
    }
    if let upper {
      switch OrderedKey.place(of: upper.value, type: type) {
      case .none, .below: return nil
      case .above: break
      case .at(let key):
        end = key
        isEndIncluded = upper.isInclusive
      }
    }
  }

  /// The terms that begin with `prefix`.
  init(prefix: [UInt8]) {
    first = prefix
    isFirstIncluded = true
    isEndIncluded = false
    var end = prefix
    while end.last == 0xFF { end.removeLast() }
    if let last = end.indices.last { end[last] += 1 }
    self.end = end.isEmpty ? nil : end
  }

  /// Whether a term, not before `first`, is `first` itself and left out.
  func leavesOut(_ term: [UInt8]) -> Bool { !isFirstIncluded && term == first }

  func isBeforeEnd(_ term: [UInt8]) -> Bool {
    guard let end else { return true }
    return term.lexicographicallyPrecedes(end) || isEndIncluded && term == end
  }
}
