import ScanKernels
import StorageBase

/// Rows of one client on their way into the log.
struct GroupRows: Sendable {
  let table: TableID
  let batch: ColumnBatch
  /// The rows as the log holds them.
  let bytes: [UInt8]
}

/// Rows of one client that wait for their version.
struct GroupLoadEntry: Sendable {
  let batch: ColumnBatch
  /// Their place in the log; nil for rows that nobody was promised, of `sync` mode.
  let record: GroupRowsRecord?
  /// Of `sync` mode.
  let ticket: GroupLoadTicket?
}

/// The rows that wait to become one version of a table. A value.
struct GroupLoadBuffer: Sendable {
  /// In the order they came; those with records in the order of these.
  var entries: [GroupLoadEntry] = []
  var byteCount = 0
  /// When they are to become visible.
  var deadline: Timestamp?
  /// What they will be committed with.
  var token: TransactionToken?
  /// Whether somebody is publishing rows of the table. Only one does at a time: a commit says up to
  /// which record it contains all.
  var isPublishing = false
  /// The ordinal that the next record gets.
  var nextOrdinal: UInt64 = 0
  /// Records that no commit contains, in order.
  var records: [GroupRowsRecord] = []

  mutating func append(_ entry: GroupLoadEntry, deadline: Timestamp) {
    entries.append(entry)
    byteCount += entry.batch.byteCount
    self.deadline = self.deadline ?? deadline
  }

  /// Rows on their way to becoming a version.
  struct Taken: Sendable {
    let entries: [GroupLoadEntry]
    let token: TransactionToken?

    /// Up to where a commit of these rows contains what is in the log.
    func cover(of table: TableID) -> GroupRowsCover? {
      entries.compactMap(\.record).last.map { GroupRowsCover(table: table, end: $0.ordinal + 1) }
    }
  }

  /// The waiting rows, for publishing; nil when there are none, somebody else is publishing, or
  /// when they are not due at `now`, if it is given.
  mutating func take(at now: Timestamp?) -> Taken? {
    guard !isPublishing, let deadline, !entries.isEmpty else { return nil }
    if let now, now < deadline { return nil }
    let taken = Taken(entries: entries, token: token)
    entries = []
    byteCount = 0
    self.deadline = nil
    token = nil
    isPublishing = true
    return taken
  }

  /// Rows that could not be published, which wait again, before those that came meanwhile.
  mutating func putBack(_ taken: [GroupLoadEntry], deadline: Timestamp) {
    entries = taken + entries
    byteCount += taken.reduce(0) { $0 + $1.batch.byteCount }
    self.deadline = entries.isEmpty ? nil : deadline
  }
}
