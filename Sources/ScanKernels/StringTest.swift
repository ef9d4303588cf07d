/// What a condition accepts on a string column, by UTF-8 bytes. Nulls never reach it.
struct StringTest: Hashable, Sendable {
  struct Bound: Hashable, Sendable {
    let bytes: [UInt8]
    let isInclusive: Bool
  }

  enum Shape: Hashable, Sendable {
    case range(lower: Bound?, upper: Bound?)
    /// Sorted and distinct.
    case members([[UInt8]])
    /// None of the patterns that are a range or a member.
    case like(LikePattern)
  }

  let shape: Shape
  let isNegated: Bool

  init(_ shape: Shape, isNegated: Bool = false) {
    self.shape = shape
    self.isNegated = isNegated
  }

  static func members(_ strings: [String]) -> StringTest {
    let distinct = Set(strings.map { Array($0.utf8) })
    return StringTest(.members(distinct.sorted { $0.lexicographicallyPrecedes($1) }))
  }

  var negated: StringTest { StringTest(shape, isNegated: !isNegated) }

  func accepts(_ string: UnsafeRawBufferPointer) -> Bool { isInside(string) != isNegated }

  private func isInside(_ string: UnsafeRawBufferPointer) -> Bool {
    switch shape {
    case .members(let members):
      return members.count == 1
        ? members[0].count == string.count && order(string, members[0]) == 0
        : contains(string, in: members)
    case .like(let pattern): return pattern.matches(string)
    case .range(let lower, let upper):
      if let lower {
        let order = order(string, lower.bytes)
        if order < 0 || (order == 0 && !lower.isInclusive) { return false }
      }
      if let upper {
        let order = order(string, upper.bytes)
        if order > 0 || (order == 0 && !upper.isInclusive) { return false }
      }
      return true
    }
  }

  /// The strings that are accepted.
  /// - Parameter among: the ones to look at; nil for all. Others may be left out of the answer.
  func accepted(in strings: StringTable, among: Bitmap?) -> Bitmap {
    let selection = Bitmap(count: strings.count)
    if let among {
      among.forEachSet { if accepts(strings[$0]) { selection.set($0) } }
      return selection
    }
    if case .like(let pattern) = shape, let substring = pattern.substring {
      strings.find(substring, into: selection)
      if isNegated { selection.invert() }
      return selection
    }
    for row in 0..<strings.count where accepts(strings[row]) { selection.set(row) }
    return selection
  }

  private func contains(_ string: UnsafeRawBufferPointer, in members: [[UInt8]]) -> Bool {
    var (low, high) = (0, members.count)
    while low < high {
      let middle = (low + high) / 2
      let order = order(string, members[middle])
      if order == 0 { return true }
      if order < 0 { high = middle } else { low = middle + 1 }
    }
    return false
  }

  private func order(_ string: UnsafeRawBufferPointer, _ other: [UInt8]) -> Int {
    other.withUnsafeBytes { compareBytes(string, $0) }
  }

  /// Whether some string from `lower` to `upper` (nil: without end) might be accepted, and whether
  /// all of them are. Exact but for gaps between neighbours, which count as possible.
  func verdict(from lower: [UInt8], through upper: [UInt8]?) -> PruneVerdict {
    let inside = insideVerdict(from: lower, through: upper)
    guard isNegated else { return inside }
    switch inside {
    case .none: return .all
    case .some: return .some
    case .all: return .none
    }
  }

  private func insideVerdict(from lower: [UInt8], through upper: [UInt8]?) -> PruneVerdict {
    func precedes(_ a: [UInt8], _ b: [UInt8]) -> Bool { a.lexicographicallyPrecedes(b) }
    switch shape {
    case .members(let members):
      let isPossible = members.contains { member in
        !precedes(member, lower) && !(upper.map { precedes($0, member) } ?? false)
      }
      if !isPossible { return .none }
      return upper == lower ? .all : .some
    case .like(let pattern):
      let prefix = pattern.prefix
      if let upper, precedes(upper, prefix) { return .none }
      if let end = LikePattern.successor(of: prefix), !precedes(lower, end) { return .none }
      return .some
    case .range(let low, let high):
      if let low, let upper {
        if precedes(upper, low.bytes) || (upper == low.bytes && !low.isInclusive) { return .none }
      }
      if let high {
        if precedes(high.bytes, lower) || (lower == high.bytes && !high.isInclusive) {
          return .none
        }
      }
      let startsInside = low.map {
        $0.isInclusive ? !precedes(lower, $0.bytes) : precedes($0.bytes, lower)
      }
      let endsInside = high.map { high in
        guard let upper else { return false }
        return high.isInclusive ? !precedes(high.bytes, upper) : precedes(upper, high.bytes)
      }
      return (startsInside ?? true) && (endsInside ?? true) ? .all : .some
    }
  }
}
