import InvertedIndex
import StorageBase
import StorageIO
import TabletModel

/// Rebuilds the catalogue of a store: the newest checkpoint, then the log after it.
struct Recovery {
  let files: any FileSystem
  let layout: StoreLayout
  let storeID: UInt64
  var catalogue = Catalogue()
  var transactions = TransactionBook()
  private(set) var nextRowsetID: UInt64 = 1
  /// Rows of group loads, by table.
  private var groupRows: [TableID: GroupRowsSection] = [:]
  private(set) var report = RecoveryReport()
  private let factory: RowsetFactory
  private var openLogs: [UInt32: any ReadableFile] = [:]
  /// Whether a rowset is taken up although its bytes in the log cannot be read: it is damaged then,
  /// which a check of its segments finds, and the store is not refused for it.
  private let toleratesLostInlineBytes: Bool
  /// Whether there was such a rowset, also one that later records have replaced.
  private(set) var hasLostInlineBytes = false

  init(
    files: any FileSystem, layout: StoreLayout, storeID: UInt64, indexCache: IndexCache,
    toleratesLostInlineBytes: Bool = false
  ) {
    self.toleratesLostInlineBytes = toleratesLostInlineBytes
    self.files = files
    self.layout = layout
    self.storeID = storeID
    factory = RowsetFactory(files: files, layout: layout, indexCache: indexCache)
  }

  /// - Returns: the log, ready for the next frame.
  mutating func run() throws -> LogWriter {
    let log = try read().makeWriter(files, layout: layout, storeID: storeID)
    try removeOrphans()
    return log
  }

  /// Rebuilds the catalogue without changing anything on disk.
  mutating func read() throws -> LogEnd {
    let checkpoint = try newestCheckpoint()
    if let checkpoint { try restore(checkpoint) }
    let end = try replay(
      from: checkpoint?.firstLog ?? 1, nextFrame: checkpoint?.nextFrame ?? 1)
    return end
  }

  func numbers(in directory: String, suffix: String) throws -> [UInt32] {
    try files.listDirectory(directory)
      .compactMap { StoreLayout.number(in: $0, suffix: suffix) }.sorted()
  }

  /// The newest checkpoint that is whole. An older one serves when the newest is damaged, as long
  /// as the log files between them are still there; replay finds out.
  func newestCheckpoint() throws -> Checkpoint? {
    let numbers = try numbers(in: layout.checkpointDirectory, suffix: ".ckpt")
    var firstError: (any Error)?
    for number in numbers.reversed() {
      do {
        return try Checkpoint.read(files, layout: layout, storeID: storeID, number: number)
      } catch {
        firstError = firstError ?? error
      }
    }
    if let firstError, try !files.exists(layout.log(1)) { throw firstError }
    return nil
  }

  mutating func restore(_ checkpoint: Checkpoint) throws {
    catalogue.commitSequence = checkpoint.commitSequence
    for table in checkpoint.tables {
      let tablets = try table.tablets.map { try restore($0) }
      let restored = TableSnapshot(
        id: table.id, definition: table.definition, createdAt: table.createdAt,
        tablets: tablets)
      do throws(EditRefusal) {
        try catalogue.addNew(restored)
      } catch {
        throw StorageError.corrupt(
          file: layout.checkpoint(checkpoint.firstLog), offset: 0, what: "checkpoint",
          expected: "tables and tablets that differ", found: error.description)
      }
    }
    catalogue.nextTableID = max(catalogue.nextTableID, checkpoint.nextTableID)
    catalogue.nextTabletID = max(catalogue.nextTabletID, checkpoint.nextTabletID)
    nextRowsetID = max(nextRowsetID, checkpoint.nextRowsetID)
    try restore(checkpoint.transactions)
    for section in checkpoint.groupRows { groupRows[section.table] = section }
  }

  /// What is recovered of transactions: those that wait for a decision, and those that have ended.
  /// Of a load whose rows were still arriving nothing is left.
  private mutating func restore(_ section: TransactionSection) throws {
    transactions = TransactionBook(reservedEnd: section.reservedEnd)
    for transaction in section.ended { transactions.put(transaction) }
    for load in section.pending {
      transactions.put(load.transaction)
      catalogue.pending[load.transaction.id] = try pending(load.parts)
    }
  }

  private mutating func pending(
    _ parts: [LoadCommit.Part], of log: ReplayedLog? = nil
  ) throws -> PendingLoad {
    PendingLoad(
      parts: try parts.map { ($0.tablet, try rowset($0.rowset, tablet: $0.tablet, of: log)) })
  }

  private mutating func restore(_ tablet: Checkpoint.Tablet) throws -> TabletSnapshot {
    func rowset(_ recovery: inout Recovery, _ entry: RowsetEntry) throws -> Rowset {
      let meta = RowsetMeta(entry: entry, segments: tablet.placements[entry.id] ?? [])
      return try recovery.rowset(meta, tablet: tablet.state.id)
    }
    let visible = try tablet.state.rowsets.map { try rowset(&self, $0) }
    var stale: [RowsetID: Rowset] = [:]
    for entry in tablet.state.stale.map(\.entry) { stale[entry.id] = try rowset(&self, entry) }
    return TabletSnapshot(state: tablet.state, rowsets: visible, stale: stale)
  }

  /// A readable rowset; the bytes of inline segments are taken from the log now: those that are
  /// being replayed, whose checksum has been found right, or what can be read where they lie.
  private mutating func rowset(
    _ meta: RowsetMeta, tablet: TabletID, of log: ReplayedLog? = nil
  ) throws -> Rowset {
    nextRowsetID = max(nextRowsetID, meta.entry.id.rawValue + 1)
    var inline: [[UInt8]?] = []
    for placement in meta.segments {
      switch placement {
      case .file: inline.append(nil)
      case .inline(let position, let byteCount):
        inline.append(
          try log?.bytes(at: position, count: byteCount) ?? inlineBytes(position, byteCount))
      }
    }
    return factory.make(meta, tablet: tablet, inline: inline)
  }

  private mutating func inlineBytes(_ position: LogPosition, _ byteCount: Int) throws -> [UInt8] {
    do {
      return try log(position.file).read(at: position.offset, count: byteCount)
    } catch let first as StorageError {
      guard toleratesLostInlineBytes else { throw first }
      openLogs[position.file] = nil
      // What can be read at the second try is not lost.
      let again = Result {
        try log(position.file).read(at: position.offset, count: byteCount)
      }
      if case .success = again { throw first }
      hasLostInlineBytes = true
      return []
    }
  }

  private mutating func log(_ number: UInt32) throws -> any ReadableFile {
    if let file = openLogs[number] { return file }
    let file = try files.openForReading(layout.log(number), cause: .log)
    openLogs[number] = file
    return file
  }

  private mutating func replay(from first: UInt32, nextFrame: UInt64) throws -> LogEnd {
    let present = try numbers(in: layout.logDirectory, suffix: ".log").filter { $0 >= first }
    guard present.first == first else {
      throw StorageError.corrupt(
        file: layout.log(first), offset: 0, what: "log", expected: "log file \(first)",
        found: present.first.map { "log file \($0) as the first" } ?? "no log file")
    }
    for (expected, number) in zip(first..., present) where expected != number {
      throw StorageError.corrupt(
        file: layout.log(expected), offset: 0, what: "log", expected: "log file \(expected)",
        found: "a gap before log file \(number)")
    }
    let reader = LogReplay(files: files, layout: layout, storeID: storeID)
    var frame = nextFrame
    var last = present.count - 1
    // A file without frames was begun when the disk failed; writing may have gone on in the one
    // before it, which is the last then. Not so where a checkpoint says that writing goes on in the
    // file, even one that could not be read this time: whoever can read it skips what is before.
    let newestCheckpoint = try numbers(in: layout.checkpointDirectory, suffix: ".ckpt").last ?? 0
    while last > 0, present[last] > newestCheckpoint,
      try !reader.mayHoldFrames(present[last])
    { last -= 1 }
    var validByteCount: UInt64 = 0
    var version = LogFormat.version
    for index in 0...last {
      let outcome = try reader.read(
        present[index], nextFrame: frame, isLast: index == last
      ) { record, bytes in
        try apply(record, of: ReplayedLog(number: present[index], bytes: bytes))
      }
      frame = outcome.nextFrame
      validByteCount = outcome.validByteCount
      version = outcome.version
      report.tornByteCount += Int(outcome.tornByteCount)
    }
    return LogEnd(
      firstFile: first, fileNumber: present[last], newestFile: present[present.count - 1],
      nextFrame: frame, validByteCount: validByteCount, version: version)
  }

  /// - Parameter log: what the record was read from; nil when it is gone.
  mutating func apply(_ record: LogRecord, of log: ReplayedLog? = nil) throws {
    report.records += 1
    do {
      switch record {
      case .createTable(let creation):
        try catalogue.addNew(
          TableSnapshot(creation, sequence: catalogue.commitSequence, files: files))
        let ids = creation.tablets.map(\.initialRowset.rawValue)
        nextRowsetID = max(nextRowsetID, (ids.max() ?? 0) + 1)
      case .commit(let commit): try apply(commit, of: log)
      case .precommit(let load): try apply(load, of: log)
      case .decide(let decision): try apply(decision)
      case .reserveTransactions(let end): transactions.startAgain(at: end)
      case .groupRows(let rows): try apply(rows)
      case .compact(let commit):
        let added = try rowset(commit.output, tablet: commit.tablet, of: log)
        try catalogue.apply(commit.edit, to: commit.tablet, added: added)
      case .sweep(let tablet, let rowsets):
        try catalogue.apply(.sweep(rowsets), to: tablet, added: nil)
      case .repair(let commit):
        for part in commit.parts {
          let added = try part.saved.map { try rowset($0, tablet: part.tablet, of: log) }
          try catalogue.apply(part.repair, to: part.tablet, added: added)
        }
      }
    } catch let refusal as EditRefusal {
      throw unfitting(refusal.description)
    } catch let refusal as TransactionError {
      throw unfitting(refusal.description)
    }
  }

  private func unfitting(_ found: String) -> StorageError {
    .corrupt(
      file: layout.logDirectory, offset: 0, what: "log record",
      expected: "one that fits the state before it", found: found)
  }

  private mutating func removeOrphans() throws {
    for path in try orphans() {
      try files.remove(path)
      report.orphansRemoved.append(path)
    }
  }

  /// Segment files that no rowset refers to: what a crash left of loads and compactions that were
  /// not committed, and of rowsets swept while a reader held them.
  func orphans() throws -> [String] {
    let known = Set(catalogue.allRowsets.flatMap(\.segments).map(\.path))
    return try files.listDirectory(layout.dataDirectory).flatMap { directory in
      let path = layout.dataDirectory + "/" + directory
      return try files.listDirectory(path).map { path + "/" + $0 }.filter { !known.contains($0) }
    }
  }
}

// Loads and their transactions.
extension Recovery {
  private mutating func apply(_ commit: LoadCommit, of log: ReplayedLog?) throws {
    let rowsets = try commit.parts.map {
      ($0.tablet, try rowset($0.rowset, tablet: $0.tablet, of: log))
    }
    _ = try catalogue.publish(rowsets, sequence: commit.sequence)
    if let covered = commit.covered {
      groupRows[covered.table]?.records.removeAll { $0.ordinal < covered.end }
    }
    guard let id = commit.transaction else { return }
    transactions.put(
      Transaction(
        id: id, label: commit.label, startedAt: commit.at, state: .visible,
        changedAt: commit.at, deadline: nil, sequence: commit.sequence, abortReason: "",
        isTwoPhase: false))
  }

  private mutating func apply(_ load: LoadPrecommit, of log: ReplayedLog?) throws {
    var transaction = Transaction(
      id: load.transaction, label: load.label, startedAt: load.startedAt, deadline: nil)
    try transaction.precommit(at: load.at, deadline: load.deadline)
    for part in load.parts { _ = try catalogue.requireTablet(part.tablet) }
    transactions.put(transaction)
    catalogue.pending[load.transaction] = try pending(load.parts, of: log)
  }

  private mutating func apply(_ decision: TransactionDecision) throws {
    let id = decision.transaction
    guard var transaction = transactions[id], let load = catalogue.pending.removeValue(forKey: id)
    else { throw EditRefusal("transaction \(id) is decided and was not pre-committed") }
    switch decision.outcome {
    case .commit(let sequence):
      let rowsets = try load.publishable(in: catalogue, at: decision.at)
      _ = try catalogue.publish(rowsets, sequence: sequence)
      try transaction.commit(sequence: sequence, at: decision.at)
    case .abort(let reason): try transaction.abort(because: reason, at: decision.at)
    }
    transactions.put(transaction)
  }
}

// Rows of group loads that were promised and are not visible.
extension Recovery {
  private mutating func apply(_ record: GroupRowsRecord) throws {
    var section =
      groupRows[record.table]
      ?? GroupRowsSection(table: record.table, nextOrdinal: 0, records: [])
    guard catalogue.tables[record.table] != nil, record.ordinal == section.nextOrdinal else {
      throw EditRefusal(
        "group rows \(record.ordinal) of table \(record.table), expected \(section.nextOrdinal)")
    }
    section.records.append(record)
    section.nextOrdinal += 1
    groupRows[record.table] = section
  }

  /// For a checkpoint.
  var groupRowsSections: [GroupRowsSection] { groupRows.values.sorted { $0.table < $1.table } }

  /// The rows, read back, due at once.
  mutating func groupLoads(at now: Timestamp) throws -> [TableID: GroupLoadBuffer] {
    var buffers: [TableID: GroupLoadBuffer] = [:]
    for (id, section) in groupRows {
      guard let table = catalogue.tables[id] else {
        throw unfitting("group rows of table \(id), which does not exist")
      }
      var buffer = GroupLoadBuffer()
      buffer.nextOrdinal = section.nextOrdinal
      buffer.records = section.records
      for record in section.records {
        let place = record.position
        let bytes = try log(place.file).read(at: place.offset, count: record.byteCount)
        let batch = try GroupRowsCodec.decode(
          bytes, of: table.definition, path: "\(layout.log(place.file))@\(place.offset)")
        buffer.append(GroupLoadEntry(batch: batch, record: record, ticket: nil), deadline: now)
      }
      buffers[id] = buffer
    }
    return buffers
  }
}
