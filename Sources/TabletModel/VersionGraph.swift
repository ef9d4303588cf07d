import StorageBase

/// Which rowsets, visible and stale, can be put end to end to read a tablet as of some version.
///
/// Every rowset `[a-b]` is an edge from vertex `a` to vertex `b + 1`. A compaction adds the edge of
/// its output and leaves those of its inputs until they are swept, so a version that was the newest
/// once stays readable as long as its path stands: this is what time travel and long reads use.
///
/// A path is found by the greedy longest jump of Apache Doris (`version_graph.cpp`), without
/// backtracking. That is exact here because ranges made by loads and compactions never cross: any
/// two are disjoint or one contains the other. Let `[s-a]` and `[s-b]` both start at the place
/// reached, with a < b, b not beyond the target. No range that starts after `a` and at or before
/// `b` ends beyond `b`, so every path through `[s-a]` passes the vertex `b + 1` too, with at least
/// one edge more than the jump over `[s-b]`.
///
/// The same range may be present more than once: rewriting one rowset whose segments overlap
/// produces a rowset of the same range. A value type; distinct copies are independent.
public struct VersionGraph: Hashable, Sendable {
  /// For the first version of every edge, the last versions, greatest first.
  private var lastVersions: [Version: [Version]] = [:]
  /// How many rowsets are in the graph.
  public private(set) var edgeCount = 0

  public init() {}

  public init(_ ranges: some Sequence<VersionRange>) {
    for range in ranges { add(range) }
  }

  /// Adds the edge of one rowset; O(edges that start at the same version).
  public mutating func add(_ range: VersionRange) {
    var lasts = lastVersions[range.first] ?? []
    let place = lasts.firstIndex { $0 <= range.last } ?? lasts.endIndex
    lasts.insert(range.last, at: place)
    lastVersions[range.first] = lasts
    edgeCount += 1
  }

  /// Takes away the edge of one rowset; false when there is none of this range.
  public mutating func remove(_ range: VersionRange) -> Bool {
    guard var lasts = lastVersions[range.first],
      let place = lasts.firstIndex(of: range.last)
    else { return false }
    lasts.remove(at: place)
    lastVersions[range.first] = lasts.isEmpty ? nil : lasts
    edgeCount -= 1
    return true
  }

  /// The fewest rowsets that together cover the versions from 0 to `version` exactly, in version
  /// order; O(length of the path) plus the edges passed over.
  /// - Throws: `MissingPath` when the version was never reached, or was swept.
  public func path(to version: Version) throws(MissingPath) -> [VersionRange] {
    var path: [VersionRange] = []
    var next = Version(0)
    while next <= version {
      guard let range = longestJump(from: next, to: version) else {
        throw MissingPath(target: version, reached: next)
      }
      path.append(range)
      next = range.last.next
    }
    return path
  }

  /// Whether `path(to:)` would find one.
  public func hasPath(to version: Version) -> Bool {
    var next = Version(0)
    while next <= version {
      guard let range = longestJump(from: next, to: version) else { return false }
      next = range.last.next
    }
    return true
  }

  /// The versions that `path(to:)` finds a path to; O(n log n) for n edges.
  public var readableVersions: Set<Version> {
    var readable = Set<Version>()
    for first in lastVersions.keys.sorted()
    where first == Version(0) || readable.contains(first.previous) {
      readable.formUnion(lastVersions[first] ?? [])
    }
    return readable
  }

  private func longestJump(from first: Version, to target: Version) -> VersionRange? {
    lastVersions[first]?.first { $0 <= target }.map { VersionRange(first, $0) }
  }

  /// Takes away the edges of `ranges` unless `version` would become unreadable (or one of them is
  /// not there): then nothing changes and the result is false.
  ///
  /// The stale sweep of Doris checks in the same way before it lets go of files.
  public mutating func remove(_ ranges: [VersionRange], keeping version: Version) -> Bool {
    var rest = self
    for range in ranges where !rest.remove(range) { return false }
    guard rest.hasPath(to: version) else { return false }
    self = rest
    return true
  }

  /// No rowsets lead from version 0 to `target`.
  public struct MissingPath: Error, Hashable, Sendable, CustomStringConvertible {
    public var target: Version
    /// The first version for which no rowset fits.
    public var reached: Version

    public init(target: Version, reached: Version) {
      self.target = target
      self.reached = reached
    }

    public var description: String {
      "version \(target) is not readable: no rowset starts at version \(reached) and ends by it"
    }
  }
}
