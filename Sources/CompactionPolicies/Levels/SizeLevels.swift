import StorageBase
import TabletModel

/// Levels by size: level 0 is what has the size of a load, and each level above it begins at
/// `ratio` times the size of the one before.
///
/// The textbook has level(s) = floor(log_T(s)) with s in loads. Loads of a tablet differ much more
/// in size than flushes of a memory table do, so what is smaller than the unit has negative levels:
/// with a common lowest level a stream of tiny loads would be rewritten over and over until it has
/// reached the unit. The unit therefore sets where borders lie, and nothing else.
struct SizeLevels: Sendable {
  let ratio: Int
  /// Bytes at which level 0 begins; nil stands for the mean load of the tablet.
  let unitByteCount: Int?

  init(ratio: Int, _ parameters: inout PolicyParameters) {
    self.ratio = ratio
    let kibibytes = parameters.integer(
      "unit_kib", default: 0, in: 0...(1 << 30),
      "size at which the level of loads begins, in KiB; 0 is their mean")
    unitByteCount = kibibytes == 0 ? nil : kibibytes << 10
  }

  /// The greatest whole number l such that unit·ratio^l <= byteCount. An empty rowset is on the
  /// lowest level of all.
  func level(of byteCount: Int, unit: Int) -> Int {
    guard byteCount > 0 else { return Int.min }
    var level = 0
    var border = unit
    while border <= byteCount / ratio {
      border *= ratio
      level += 1
    }
    while byteCount < border {
      border = (border - 1) / ratio + 1
      level -= 1
    }
    return level
  }

  /// The levels of `stack` that hold rowsets, youngest and lowest first.
  ///
  /// In a tree of levels, what is older is on a higher level or the same. To have that here, a
  /// rowset older than a larger one counts as being on the level of that one. Then the rowsets of a
  /// level are neighbours, so that they can be merged, and no pattern of sizes can keep equals
  /// apart for ever: a stack at rest has few rowsets on each of few levels.
  func groups(of stack: RowsetStack) -> [LevelGroup] {
    let unit = unitByteCount ?? stack.loadByteCount
    var groups: [LevelGroup] = []
    for place in stack.rowsets.indices.reversed() {
      let level = level(of: stack.rowsets[place].byteCount, unit: unit)
      if let last = groups.last, level <= last.level {
        groups[groups.count - 1].range = place..<last.range.upperBound
      } else {
        groups.append(LevelGroup(level: level, range: place..<place + 1))
      }
    }
    return groups
  }
}

/// The rowsets of one level.
struct LevelGroup: Hashable, Sendable {
  let level: Int
  /// Their places in the stack.
  var range: Range<Int>
}

extension [LevelGroup] {
  /// Merges the lowest level that holds more rowsets than it may.
  /// - Parameter most: how many rowsets may rest on a level, and on the highest one.
  func choice(most: Int, onHighest mostOnHighest: Int) -> StackChoice {
    for (index, group) in enumerated() {
      let limit = index == count - 1 ? mostOnHighest : most
      if group.range.count > Swift.max(limit, 1) {
        return .merge(
          group.range, because: "level \(group.name) has \(group.range.count), limit \(limit)")
      }
    }
    let list = reversed().map { "\($0.range.count) on \($0.name)" }.joined(separator: ", ")
    return .rest(because: "levels: \(isEmpty ? "none" : list)")
  }
}

extension LevelGroup {
  var name: String { level == Int.min ? "of empties" : "\(level)" }
}
