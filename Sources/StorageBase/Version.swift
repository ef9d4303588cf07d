/// The number of a published change of one tablet. Every load that becomes visible gets the next
/// one, so versions are dense; rowsets cover closed ranges of them.
public struct Version: RawRepresentable, Hashable, Comparable, Sendable, Codable,
  CustomStringConvertible
{
  /// The integer itself; never negative.
  public let rawValue: Int64

  @inlinable public init(rawValue: Int64) { self.rawValue = rawValue }
  @inlinable public init(_ value: Int64) { rawValue = value }

  /// The last version of the empty rowset `[0-1]` that every tablet is born with; the first load
  /// becomes version 2 (as in Apache Doris).
  public static let initial = Version(1)

  @inlinable public var next: Version { Version(rawValue + 1) }
  @inlinable public var previous: Version { Version(rawValue - 1) }
  @inlinable public static func < (a: Version, b: Version) -> Bool { a.rawValue < b.rawValue }
  public var description: String { String(rawValue) }
}

/// A closed, non-empty range of versions, written `[first-last]`.
public struct VersionRange: Hashable, Sendable, Codable, CustomStringConvertible {
  public let first: Version
  public let last: Version

  /// - Precondition: `first <= last`.
  public init(_ first: Version, _ last: Version) {
    precondition(first <= last, "version range [\(first)-\(last)] is reversed")
    self.first = first
    self.last = last
  }

  public init(_ first: Int64, _ last: Int64) { self.init(Version(first), Version(last)) }

  /// The range of the rowset every tablet is born with.
  public static let initial = VersionRange(0, 1)

  /// How many versions the range covers; at least 1.
  public var count: Int { Int(last.rawValue - first.rawValue) + 1 }
  public var isSingleton: Bool { first == last }
  public func contains(_ other: VersionRange) -> Bool {
    first <= other.first && other.last <= last
  }
  public func overlaps(_ other: VersionRange) -> Bool {
    first <= other.last && other.first <= last
  }
  public var description: String { "[\(first)-\(last)]" }
}
