import StorageBase

/// When the versions of a tablet became the newest, by the order of commits in the store and by the
/// clock: what leads from a moment of a whole table to a version of each of its tablets.
///
/// A commit that did not touch a tablet leaves no entry here, so a version is current from its own
/// commit until that of the next version. An entry is kept as long as its version can be read, or
/// the one before it can, whose end it marks. So there are at most two for every version that can
/// be read.
public struct VersionHistory: Hashable, Sendable {
  public struct Entry: Hashable, Sendable {
    public let version: Version
    /// The place of its commit among all commits of the store.
    public let sequence: UInt64
    public let at: Timestamp

    public init(version: Version, sequence: UInt64, at: Timestamp) {
      self.version = version
      self.sequence = sequence
      self.at = at
    }
  }

  // Two arrays, so that a state that is copied for every commit copies few of them.
  private var older: [Entry]
  private var newer: [Entry] = []
  private static let newerCountMax = 64

  /// - Precondition: `entries` is not empty. See `check`.
  public init(_ entries: [Entry]) {
    precondition(!entries.isEmpty)
    older = entries
  }

  /// In the order of versions.
  public var entries: [Entry] { older + newer }

  public var oldest: Entry { older.first ?? newest }

  public var newest: Entry { newer.last ?? older[older.count - 1] }

  public static func == (a: Self, b: Self) -> Bool { a.entries == b.entries }
  public func hash(into hasher: inout Hasher) { hasher.combine(entries) }

  /// Adds the next version; amortised O(kept entries / 64).
  /// - Throws: `EditRefusal` when its commit does not come after the last one.
  public mutating func append(_ entry: Entry) throws(EditRefusal) {
    guard entry.sequence > newest.sequence else {
      throw EditRefusal(
        "version \(entry.version) has commit \(entry.sequence), the one before has "
          + "\(newest.sequence)")
    }
    newer.append(entry)
    guard newer.count >= Self.newerCountMax else { return }
    older += newer
    newer.removeAll()
  }

  /// The version that was the newest after commit `sequence`; nil when that is not known any more,
  /// or the tablet did not exist.
  public func version(at sequence: UInt64) -> Version? {
    let entries = entries
    guard let next = entries.firstIndex(where: { $0.sequence > sequence }) else {
      return newest.version
    }
    guard next > 0 else { return nil }
    let found = entries[next - 1].version
    // Between versions that are no neighbours there were others.
    return entries[next].version == found.next ? found : nil
  }

  /// The last commit that is known and stamped at or before `time`.
  public func sequence(at time: Timestamp) -> UInt64? {
    entries.last { $0.at <= time }?.sequence
  }

  /// Forgets what no readable version needs.
  public mutating func trim(readable: Set<Version>) {
    older = entries.filter {
      readable.contains($0.version) || readable.contains($0.version.previous)
        || $0.version == newest.version
    }
    newer.removeAll()
  }

  /// Up to `version`, as it was when that was the newest.
  public func upTo(_ version: Version) -> VersionHistory {
    VersionHistory(entries.filter { $0.version <= version })
  }

  /// The commits after which a readable version was the newest: ascending ranges with gaps between
  /// them; the last has no end unless the newest version cannot be read.
  public func heldSequences(readable: Set<Version>) -> [ClosedRange<UInt64>] {
    let entries = entries
    var ranges: [ClosedRange<UInt64>] = []
    for (index, entry) in entries.enumerated() where readable.contains(entry.version) {
      var last = UInt64.max
      if index + 1 < entries.count {
        guard entries[index + 1].version == entry.version.next else { continue }
        last = entries[index + 1].sequence - 1
      }
      if let before = ranges.last, before.upperBound == entry.sequence - 1 {
        ranges[ranges.count - 1] = before.lowerBound...last
      } else {
        ranges.append(entry.sequence...last)
      }
    }
    return ranges
  }

  /// What is wrong, in words; nil when versions and commits ascend up to `newestVersion`.
  public func problem(newestVersion: Version) -> String? {
    if newest.version != newestVersion {
      return "its history ends with version \(newest.version) instead of \(newestVersion)"
    }
    let entries = entries
    for (a, b) in zip(entries, entries.dropFirst())
    where a.version >= b.version || a.sequence >= b.sequence {
      return "its history has version \(b.version) after \(a.version)"
    }
    return nil
  }
}

extension [ClosedRange<UInt64>] {
  /// What lies in ranges of both; each ascends without overlaps. O(ranges of both).
  public func intersected(with other: [ClosedRange<UInt64>]) -> [ClosedRange<UInt64>] {
    var common: [ClosedRange<UInt64>] = []
    var (i, j) = (0, 0)
    while i < count && j < other.count {
      let lower = Swift.max(self[i].lowerBound, other[j].lowerBound)
      let upper = Swift.min(self[i].upperBound, other[j].upperBound)
      if lower <= upper { common.append(lower...upper) }
      if self[i].upperBound < other[j].upperBound { i += 1 } else { j += 1 }
    }
    return common
  }
}
