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
  var nextRowsetID: UInt64 = 1
  /// Rows of group loads, by table.
  var groupRows: [TableID: GroupRowsSection] = [:]
  /// What recovery began with.
  var basis = LogRetention.Basis.beginning
  private(set) var report = RecoveryReport()
  let factory: RowsetFactory
  /// Every rowset met so far.
  private(set) var rowsets: [RowsetID: Rowset] = [:]
  private var openLogs: [UInt32: any ReadableFile] = [:]
  /// Whether a rowset is taken up although its bytes in the log cannot be read: it is damaged then,
  /// which a check of its segments finds, and the store is not refused for it. Promised rows that
  /// cannot be read are left out.
  let toleratesLostInlineBytes: Bool
  /// Whether there was such a rowset, also one that later records have replaced.
  private(set) var hasLostInlineBytes = false

  init(
    files: any FileSystem, layout: StoreLayout, storeID: UInt64, caches: StoreCaches,
    toleratesLostInlineBytes: Bool = false
  ) {
    self.toleratesLostInlineBytes = toleratesLostInlineBytes
    self.files = files
    self.layout = layout
    self.storeID = storeID
    factory = RowsetFactory(files: files, layout: layout, caches: caches)
  }

  /// - Returns: the log, ready for the next frame.
  mutating func run(_ options: StoreOptions) throws -> LogWriter {
    let log = try read().makeWriter(
      files, layout: layout, storeID: storeID,
      reservedByteCountMax: options.logReservedByteCountMax)
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

  /// A readable rowset; the bytes of inline segments are taken from the log now: those that are
  /// being replayed, whose checksum has been found right, or what can be read where they lie.
  mutating func rowset(
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
    let rowset = factory.make(meta, tablet: tablet, inline: inline)
    rowsets[rowset.id] = rowset
    return rowset
  }

  private mutating func inlineBytes(_ position: LogPosition, _ byteCount: Int) throws -> [UInt8] {
    do {
      return try log(position.file).read(at: position.offset, count: byteCount)
    } catch let first as StorageError {
      guard toleratesLostInlineBytes else { throw first }
      closeLog(position.file)
      // What can be read at the second try is not lost.
      let again = Result {
        try log(position.file).read(at: position.offset, count: byteCount)
      }
      if case .success = again { throw first }
      hasLostInlineBytes = true
      return []
    }
  }

  mutating func log(_ number: UInt32) throws -> any ReadableFile {
    if let file = openLogs[number] { return file }
    let file = try files.openForReading(layout.log(number), cause: .log)
    openLogs[number] = file
    return file
  }

  /// Makes the next read ask the disk anew.
  mutating func closeLog(_ number: UInt32) { openLogs[number] = nil }

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
          TableSnapshot(
            creation, sequence: catalogue.commitSequence, files: files, storeID: storeID,
            caches: factory.caches))
        let ids = creation.tablets.map(\.initialRowset.rawValue)
        nextRowsetID = max(nextRowsetID, (ids.max() ?? 0) + 1)
      case .alterTable(let alteration): try catalogue.alter(alteration)
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
      case .deleteRows(let deletes): try apply(deletes)
      case .patchRows(let patches): try apply(patches)
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

  func unfitting(_ found: String) -> StorageError {
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
    let known = Set(catalogue.allRowsets.flatMap(\.allSegments).map(\.path))
    return try files.listDirectory(layout.dataDirectory).flatMap { directory in
      let path = layout.dataDirectory + "/" + directory
      return try files.listDirectory(path).map { path + "/" + $0 }.filter { !known.contains($0) }
    }
  }
}
