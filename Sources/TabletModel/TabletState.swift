import StorageBase

/// One rowset as the version bookkeeping sees it.
public struct RowsetEntry: Hashable, Sendable {
  public let id: RowsetID
  public let summary: RowsetSummary

  public init(id: RowsetID, summary: RowsetSummary) {
    self.id = id
    self.summary = summary
  }
}

/// A change of one tablet. The durable log is a sequence of these, and replaying it rebuilds the
/// state.
public enum TabletEdit: Hashable, Sendable {
  /// A load became visible as the next version, by the commit of this number in its store.
  case publish(RowsetEntry, sequence: UInt64)
  /// A compaction replaced neighbouring rowsets by one; they stay as stale until swept.
  case replace(
    inputs: [RowsetID], output: RowsetEntry, kind: CompactionKind, cumulativePoint: Version,
    at: Timestamp)
  /// Stale rowsets whose grace period has passed are forgotten.
  case sweep([RowsetID])
  /// Damaged rowsets give way to what is left of them.
  case repair(TabletRepair)
}

/// Why an edit does not fit a state: a bug, or a log that is not what was written.
public struct EditRefusal: Error, Hashable, Sendable, CustomStringConvertible {
  public let description: String

  public init(_ description: String) { self.description = description }
}

/// The versions of one tablet: which rowsets make up its newest version, which ones they
/// replaced, and where the cumulative point lies. Pure; changed only by `apply`.
///
/// Invariant: the visible rowsets cover `[0 - maxVersion]` without gap or overlap, and no id
/// appears twice among visible and stale ones.
public struct TabletState: Hashable, Sendable {
  /// A rowset replaced by a compaction.
  public struct Stale: Hashable, Sendable {
    public let entry: RowsetEntry
    public let since: Timestamp

    public init(entry: RowsetEntry, since: Timestamp) {
      self.entry = entry
      self.since = since
    }
  }

  public let id: TabletID
  /// In version order.
  public internal(set) var rowsets: SharedArray<RowsetEntry>
  public internal(set) var stale: [Stale]
  /// Visible rowsets that hold rows: the figure the version limit is compared with.
  public internal(set) var componentCount: Int
  /// The greatest of all visible and stale ids, so that most new ones need no search.
  private var greatestID: RowsetID
  public private(set) var cumulativePoint: Version
  public private(set) var lastSuccessAt: [CompactionKind: Timestamp]
  /// When the versions that can still be read were committed.
  public internal(set) var history: VersionHistory

  /// A new tablet, with nothing but the empty rowset `[0-1]`.
  /// - Parameter sequence: the last commit of the store before it.
  public init(id: TabletID, initialRowset: RowsetID, at now: Timestamp, sequence: UInt64) {
    self.init(
      id: id,
      rowsets: [
        RowsetEntry(
          id: initialRowset,
          summary: RowsetSummary(
            versions: .initial, byteCount: 0, segmentCount: 0, createdAt: now))
      ], stale: [], cumulativePoint: Version.initial.next, lastSuccessAt: [:],
      history: VersionHistory([
        VersionHistory.Entry(version: .initial, sequence: sequence, at: now)
      ]))
  }

  /// A state read back from a checkpoint; `check()` says whether it holds.
  public init(
    id: TabletID, rowsets: [RowsetEntry], stale: [Stale], cumulativePoint: Version,
    lastSuccessAt: [CompactionKind: Timestamp], history: VersionHistory
  ) {
    self.id = id
    self.rowsets = SharedArray(rowsets)
    self.stale = stale
    componentCount = rowsets.count { !$0.summary.isEmpty }
    greatestID = Self.greatestID(self.rowsets, stale)
    self.cumulativePoint = cumulativePoint
    self.lastSuccessAt = lastSuccessAt
    self.history = history
  }

  /// The newest visible version.
  public var maxVersion: Version { rowsets.last?.summary.versions.last ?? Version(-1) }

  /// What a policy may know of this tablet now.
  public func facts(
    now: Timestamp, allowedKinds: Set<CompactionKind>, inFlight: [VersionRange],
    keysModel: KeysModel, entropy: UInt64, traffic: TabletTraffic? = nil
  ) -> TabletFacts {
    TabletFacts(
      rowsets: rowsets.map(\.summary), cumulativePoint: cumulativePoint, inFlight: inFlight,
      lastSuccessAt: lastSuccessAt, now: now, allowedKinds: allowedKinds, keysModel: keysModel,
      entropy: entropy, traffic: traffic)
  }

  /// Carries out an edit, or leaves the state as it was and throws.
  public mutating func apply(_ edit: TabletEdit) throws(EditRefusal) {
    switch edit {
    case .publish(let entry, let sequence): try publish(entry, sequence: sequence)
    case .replace(let inputs, let output, let kind, let point, let now):
      try replace(inputs, by: output, kind: kind, cumulativePoint: point, at: now)
    case .sweep(let ids): try sweep(ids)
    case .repair(let repair): try apply(repair)
    }
  }

  private mutating func publish(
    _ entry: RowsetEntry, sequence: UInt64
  ) throws(EditRefusal) {
    let next = maxVersion.next
    guard entry.summary.versions == VersionRange(next, next) else {
      throw EditRefusal(
        "tablet \(id): rowset \(entry.id) has versions \(entry.summary.versions), "
          + "the next version is \(next)")
    }
    try requireNew(entry.id)
    try history.append(
      VersionHistory.Entry(version: next, sequence: sequence, at: entry.summary.createdAt))
    rowsets.append(entry)
    componentCount += entry.summary.isEmpty ? 0 : 1
    greatestID = max(greatestID, entry.id)
  }

  private mutating func replace(
    _ inputs: [RowsetID], by output: RowsetEntry, kind: CompactionKind, cumulativePoint: Version,
    at now: Timestamp
  ) throws(EditRefusal) {
    guard let first = rowsets.firstIndex(where: { $0.id == inputs.first }),
      first + inputs.count <= rowsets.count,
      rowsets[first..<first + inputs.count].map(\.id) == inputs
    else {
      throw EditRefusal("tablet \(id): rowsets \(inputs) are not visible neighbours")
    }
    let replaced = rowsets[first..<first + inputs.count]
    let range = VersionRange(
      rowsets[first].summary.versions.first,
      rowsets[first + inputs.count - 1].summary.versions.last)
    guard output.summary.versions == range else {
      throw EditRefusal(
        "tablet \(id): the output has versions \(output.summary.versions), its inputs \(range)")
    }
    // Fewer where keys are unique; how many is known to whoever merges.
    guard output.summary.rowCount <= replaced.reduce(0, { $0 + $1.summary.rowCount }) else {
      throw EditRefusal(
        "tablet \(id): the output has \(output.summary.rowCount) rows, its inputs only "
          + "\(replaced.reduce(0) { $0 + $1.summary.rowCount })")
    }
    try requireNew(output.id)
    stale.append(contentsOf: replaced.map { Stale(entry: $0, since: now) })
    componentCount -= replaced.count { !$0.summary.isEmpty }
    componentCount += output.summary.isEmpty ? 0 : 1
    greatestID = max(greatestID, output.id)
    rowsets = rowsets.replacing(first..<first + inputs.count, with: [output])
    self.cumulativePoint = max(self.cumulativePoint, cumulativePoint)
    lastSuccessAt[kind] = now
  }

  private mutating func sweep(_ ids: [RowsetID]) throws(EditRefusal) {
    let gone = Set(ids)
    let known = Set(stale.map(\.entry.id))
    guard gone.isSubset(of: known) else {
      throw EditRefusal(
        "tablet \(id): rowsets \(gone.subtracting(known).sorted()) are not stale")
    }
    stale.removeAll { gone.contains($0.entry.id) }
    countAgain()
    history.trim(readable: readableVersions)
  }

  /// After rowsets were taken away: what is kept beside them.
  mutating func countAgain() {
    componentCount = rowsets.count { !$0.summary.isEmpty }
    greatestID = Self.greatestID(rowsets, stale)
  }

  private static func greatestID(
    _ rowsets: SharedArray<RowsetEntry>, _ stale: [Stale]
  ) -> RowsetID {
    let greatest = max(
      rowsets.lazy.map(\.id.rawValue).max() ?? 0, stale.lazy.map(\.entry.id.rawValue).max() ?? 0)
    return RowsetID(rawValue: greatest)
  }

  func requireNew(_ rowset: RowsetID) throws(EditRefusal) {
    if rowset > greatestID { return }
    guard !rowsets.contains(where: { $0.id == rowset }),
      !stale.contains(where: { $0.entry.id == rowset })
    else { throw EditRefusal("tablet \(id): rowset \(rowset) exists already") }
  }

  /// The visible and stale rowsets that can be put end to end, for reading older versions.
  public var versionGraph: VersionGraph {
    VersionGraph(rowsets.map(\.summary.versions) + stale.map(\.entry.summary.versions))
  }

  /// The versions that can be read now.
  public var readableVersions: Set<Version> { versionGraph.readableVersions }

  /// The tablet as it was when `version` was the newest, made of the fewest rowsets.
  /// - Throws: `VersionGraph.MissingPath` as `entries(at:)`.
  public func asOf(_ version: Version) throws(VersionGraph.MissingPath) -> TabletState {
    TabletState(
      id: id, rowsets: try entries(at: version), stale: [],
      cumulativePoint: min(cumulativePoint, version.next), lastSuccessAt: [:],
      history: history.upTo(version))
  }

  /// The fewest rowsets that make up the tablet as of `version`, in version order.
  /// - Throws: `VersionGraph.MissingPath` when the version was never reached, or has been swept.
  public func entries(at version: Version) throws(VersionGraph.MissingPath) -> [RowsetEntry] {
    var byRange: [VersionRange: RowsetEntry] = [:]
    // The newest of equal ranges is the one that was sorted anew.
    for entry in stale.map(\.entry) + rowsets { byRange[entry.summary.versions] = entry }
    return try versionGraph.path(to: version).compactMap { byRange[$0] }
  }

  /// Stale rowsets replaced at least `graceSeconds` ago.
  ///
  /// A clock may be set back. What then seems to have been replaced in the future, by more than a
  /// grace period, is not kept until that time has come; how long ago it was nobody knows.
  public func sweepable(at now: Timestamp, graceSeconds: Double) -> [RowsetID] {
    let latest = now.advanced(bySeconds: -graceSeconds)
    let bogus = now.advanced(bySeconds: graceSeconds)
    return stale.filter { $0.since <= latest || $0.since > bogus }.map(\.entry.id)
  }

  /// What is wrong with the state, in words; empty when every invariant holds.
  public func check() -> [String] {
    var problems: [String] = []
    var next = Version(0)
    for entry in rowsets {
      if entry.summary.versions.first != next {
        problems.append(
          "tablet \(id): rowset \(entry.id) covers \(entry.summary.versions), expected to start "
            + "at version \(next)")
      }
      next = entry.summary.versions.last.next
    }
    if rowsets.isEmpty { problems.append("tablet \(id) has no rowset") }
    let ids = rowsets.map(\.id) + stale.map(\.entry.id)
    if Set(ids).count != ids.count { problems.append("tablet \(id) has a rowset id twice") }
    if let problem = history.problem(newestVersion: maxVersion) {
      problems.append("tablet \(id): \(problem)")
    }
    if !versionGraph.hasPath(to: maxVersion) {
      problems.append("tablet \(id) has no path to its newest version \(maxVersion)")
    }
    return problems
  }
}
