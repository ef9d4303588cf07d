import StorageBase

/// Which rows of one segment were deleted by which version of its tablet: the delete bitmap of the
/// merge-on-write tables of Apache Doris, seen from one segment. A value; pure bookkeeping.
///
/// Versions only ever add to it, so whoever reads the tablet at version v leaves out the entries
/// above v, and what he sees never changes. Entries that no reader can tell apart any more are made
/// one by `trim`.
public struct DeleteHistory: Hashable, Sendable {
  public struct Entry: Hashable, Sendable {
    public let version: Version
    /// Row ordinals of the segment, ascending, each once.
    public let rows: [UInt32]

    public init(version: Version, rows: [UInt32]) {
      self.version = version
      self.rows = rows
    }
  }

  /// In ascending order of their versions, each of which is there once.
  public private(set) var entries: [Entry] = []

  public init() {}

  public var isEmpty: Bool { entries.isEmpty }

  /// The newest version that deleted a row.
  public var newest: Version? { entries.last?.version }

  /// The first entries of versions after one, or of all, up to another. O(log entries) beside their
  /// number.
  public func entries(
    after start: Version?, upTo last: Version, atMost countMax: Int
  ) -> [Entry] {
    var (low, high) = (0, start == nil ? 0 : entries.count)
    while low < high {
      let middle = (low + high) / 2
      if let start, entries[middle].version <= start { low = middle + 1 } else { high = middle }
    }
    return Array(entries[low...].prefix(countMax).prefix { $0.version <= last })
  }

  /// Adds rows that `version` deletes; some may be deleted already. O(rows log rows), but O(rows)
  /// for ascending ones, beside the rows that the version has deleted before.
  /// - Precondition: no later version has an entry.
  public mutating func add(_ rows: [UInt32], version: Version) {
    guard !rows.isEmpty else { return }
    precondition(newest.map { $0 <= version } ?? true, "versions come in order")
    var all = rows
    if newest == version { all += entries.removeLast().rows }
    entries.append(Entry(version: version, rows: Self.ascending(all)))
  }

  /// Forgets what versions from `version` on have deleted: they were never published.
  public mutating func removeEntries(from version: Version) {
    while let last = entries.last, last.version >= version { entries.removeLast() }
  }

  /// Makes one entry of all those that a reader at `version` sees; nobody reads older versions.
  public mutating func trim(to version: Version) {
    let count = entries.firstIndex { $0.version > version } ?? entries.count
    guard count > 1 else { return }
    let rows = Self.ascending(entries[..<count].flatMap(\.rows))
    entries.replaceSubrange(
      ..<count, with: [Entry(version: entries[count - 1].version, rows: rows)])
  }

  /// Puts `trimmed` in the place of the entries it was made of, unless somebody has before. O(later
  /// entries).
  /// - Parameter known: all entries up to a version.
  public mutating func replace(_ known: DeleteHistory, by trimmed: DeleteHistory) {
    let first = entries.prefix(known.entries.count)
    guard first.elementsEqual(known.entries, by: { $0.version == $1.version }) else { return }
    entries.replaceSubrange(..<known.entries.count, with: trimmed.entries)
  }

  private static func ascending(_ rows: [UInt32]) -> [UInt32] {
    guard zip(rows, rows.dropFirst()).contains(where: { $0 >= $1 }) else { return rows }
    var result: [UInt32] = []
    result.reserveCapacity(rows.count)
    for row in rows.sorted() where row != result.last { result.append(row) }
    return result
  }
}
