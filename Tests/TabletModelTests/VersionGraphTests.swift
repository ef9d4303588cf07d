import StorageBase
import TabletModel
import Testing

/// The shortest path by breadth-first search over the plain list of ranges; nil if there is none.
private func shortestPathLength(_ ranges: [VersionRange], to version: Version) -> Int? {
  let target = version.next
  var frontier: Set<Version> = [Version(0)]
  var length = 0
  while !frontier.isEmpty {
    if frontier.contains(target) { return length }
    let onward = ranges.filter { frontier.contains($0.first) && $0.last <= version }
    frontier = Set(onward.map(\.last.next))
    length += 1
  }
  return nil
}

/// Compares the graph of `ranges` with the oracle for every version up to `end` and one more.
private func checkPaths(_ ranges: [VersionRange], end: Version) {
  let graph = VersionGraph(ranges)
  #expect(graph.edgeCount == ranges.count)
  for raw in 0...end.rawValue {
    let version = Version(raw)
    let expected = shortestPathLength(ranges, to: version)
    let path = try? graph.path(to: version)
    #expect(path?.count == expected, "version \(version) of \(ranges)")
    #expect(graph.hasPath(to: version) == (expected != nil))
    guard let path else { continue }
    #expect(path.allSatisfy(ranges.contains))
    #expect(path.first?.first == Version(0) && path.last?.last == version)
    #expect(zip(path, path.dropFirst()).allSatisfy { $0.last.next == $1.first })
  }
}

@Suite struct VersionGraphTests {
  /// Histories as tablets have them: loads add a version, compactions replace neighbours by their
  /// union and leave them stale, sweeps take stale ones away in any order.
  @Test(arguments: 0..<40)
  func pathsOfRandomHistories(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var visible = [VersionRange.initial]
    var stale: [VersionRange] = []
    for _ in 0..<60 {
      switch Int.random(in: 0..<10, using: &random) {
      case 0..<5:
        let next = (visible.last?.last ?? .initial).next
        visible.append(VersionRange(next, next))
      case 5..<8:
        // A single rowset too: rewriting it yields a second edge of the same range.
        let start = Int.random(in: visible.indices, using: &random)
        let end = Int.random(in: start..<visible.count, using: &random)
        let inputs = visible[start...end]
        stale += inputs
        let output = VersionRange(visible[start].first, visible[end].last)
        visible.replaceSubrange(start...end, with: [output])
      default:
        if let swept = stale.indices.randomElement(using: &random) { stale.remove(at: swept) }
      }
      checkPaths(visible + stale, end: (visible.last?.last ?? .initial).next)
    }
  }

  /// Every set of ranges over versions 0 to 4 of which no two cross.
  @Test func pathsOfAllSmallWorlds() {
    let all = (0...3).flatMap { first in
      (first...3).map { VersionRange(Int64(first), Int64($0)) }
    }
    func cross(_ a: VersionRange, _ b: VersionRange) -> Bool {
      a.overlaps(b) && !a.contains(b) && !b.contains(a)
    }
    var worldCount = 0
    for bits in 0..<(1 << all.count) {
      let ranges = all.indices.filter { bits & (1 << $0) != 0 }.map { all[$0] }
      let isNested = ranges.indices.allSatisfy { i in
        ranges[i...].allSatisfy { !cross(ranges[i], $0) }
      }
      guard isNested else { continue }
      worldCount += 1
      checkPaths(ranges, end: Version(4))
    }
    #expect(worldCount > 100)
  }

  @Test func readsThePast() throws {
    var graph = VersionGraph([.initial, VersionRange(2, 2), VersionRange(3, 3)])
    graph.add(VersionRange(2, 3))
    #expect(try graph.path(to: Version(3)) == [.initial, VersionRange(2, 3)])
    #expect(try graph.path(to: Version(2)) == [.initial, VersionRange(2, 2)])
    let missing = VersionGraph.MissingPath(target: Version(4), reached: Version(4))
    #expect(throws: missing) { try graph.path(to: Version(4)) }
    // Inside a rowset: version 0 alone was never readable.
    #expect(throws: VersionGraph.MissingPath.self) { try graph.path(to: Version(0)) }
  }

  @Test func sweepKeepsTheVersionReadable() {
    var graph = VersionGraph([.initial, VersionRange(2, 2), VersionRange(3, 3)])
    let before = graph
    let isNeeded = !graph.remove([VersionRange(2, 2)], keeping: Version(3))
    let isAbsent = !graph.remove([VersionRange(2, 9)], keeping: Version(3))
    #expect(isNeeded && isAbsent && graph == before)
    graph.add(VersionRange(2, 3))
    let isSwept = graph.remove([VersionRange(2, 2), VersionRange(3, 3)], keeping: Version(3))
    #expect(isSwept && graph == VersionGraph([.initial, VersionRange(2, 3)]))
    #expect(!graph.hasPath(to: Version(2)))
  }

  @Test func equalRangesAreCounted() {
    var graph = VersionGraph([.initial, .initial])
    #expect(graph.edgeCount == 2)
    for remaining in [1, 0] {
      let isRemoved = graph.remove(.initial)
      #expect(isRemoved && graph.edgeCount == remaining)
      #expect(graph.hasPath(to: .initial) == (remaining == 1))
    }
    let isRemovedAgain = graph.remove(.initial)
    #expect(!isRemovedAgain && graph == VersionGraph())
  }
}
