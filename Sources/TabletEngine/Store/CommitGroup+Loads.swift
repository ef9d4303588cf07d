import StorageBase
import TabletModel

// Loads of one and of two phases.
extension CommitGroup {
  /// A load of one phase: durable and visible together.
  mutating func commit(_ load: PreparedLoad) throws -> CommitReceipt {
    var transaction = try requireTransaction(load.token.id)
    if transaction.state == .precommitted, !load.decides {
      return try commitTransaction(transaction.id)
    }
    // A load that nobody can ask about and that has no rows leaves no trace.
    guard !load.parts.isEmpty || !load.label.isEmpty || load.decides else {
      try transaction.commitInOnePhase(sequence: 0, at: now)
      put(transaction)
      return CommitReceipt(transaction: transaction.id)
    }
    let sequence = catalogue.commitSequence + 1
    if load.decides {
      let isRepeated = transaction.state == .visible
      try transaction.commit(sequence: sequence, at: now)
      guard !isRepeated else {
        return CommitReceipt(
          transaction: transaction.id, sequence: transaction.sequence, isRepeated: true)
      }
    } else {
      try transaction.commitInOnePhase(sequence: sequence, at: now)
    }
    let parts = try load.parts.map { part in
      let tablet = try catalogue.requireTablet(part.tablet)
      if let basis = load.basis[part.tablet], basis != tablet.version {
        throw PartialUpdateConflict(rowCount: part.rowCount)
      }
      // Room for what waited was taken before.
      if !load.decides { try requireRoom(on: tablet, pendingCount: 0) }
      return LoadCommit.Part(
        tablet: part.tablet, rowset: part.meta.published(as: tablet.version.next, at: now))
    }
    let commit = LoadCommit(
      transaction: transaction.id, sequence: sequence, at: now, label: load.label, parts: parts,
      covered: load.covered)
    var rowsets = encode(.commit(commit), parts, of: load)
    var keys = load.parts.map { $0.keys }
    var next = catalogue
    let waited = next.pending.removeValue(forKey: transaction.id)
    if let waited {
      // Whole rows become visible with those that were completed.
      rowsets += try waited.publishable(in: next, at: now)
      keys += waited.wholeKeys
    }
    let versions = try next.publish(rowsets, sequence: sequence)
    try resolveKeys(of: rowsets, keys)
    if let waited {
      swept.append(contentsOf: waited.givenRowsets)
      require(.sync)
    }
    catalogue = next
    put(transaction)
    if let covered = load.covered { covers.append(covered) }
    for part in parts { require(catalogue.table(of: part.tablet)?.definition.durability ?? .sync) }
    // What a label stands for is asked after a crash as well.
    if parts.isEmpty { require(.sync) }
    return CommitReceipt(
      transaction: transaction.id, sequence: sequence, versions: versions,
      byteCount: load.byteCount, rowCount: load.rowCount)
  }

  /// Several loads of one phase whose rows are `rows`; all of them or none.
  mutating func commit(
    _ rows: PreparedLoad, with labels: [PreparedLoad]
  ) throws -> CommitReceipt {
    // Nothing may be refused any more once the first has been entered.
    for load in labels {
      var transaction = try requireTransaction(load.token.id)
      try transaction.commitInOnePhase(sequence: 0, at: now)
    }
    let receipt = try commit(rows)
    for load in labels { _ = try commit(load) }
    return receipt
  }

  /// The first phase: durable, and invisible until it is decided.
  mutating func precommit(_ load: PreparedLoad, timeout: Double) throws -> CommitReceipt {
    var transaction = try requireTransaction(load.token.id)
    var receipt = CommitReceipt(
      transaction: transaction.id, byteCount: load.byteCount, rowCount: load.rowCount)
    guard transaction.state != .precommitted else {
      receipt.isRepeated = true
      return receipt
    }
    let deadline = now.advanced(bySeconds: timeout)
    try transaction.precommit(at: now, deadline: deadline)
    let parts = try load.parts.map { part in
      // The decision must not fail for want of room, so it is taken now.
      try requireRoom(
        on: catalogue.requireTablet(part.tablet), pendingCount: catalogue.pending.count)
      return LoadCommit.Part(tablet: part.tablet, rowset: part.meta)
    }
    let precommit = LoadPrecommit(
      transaction: transaction.id, label: load.label, startedAt: transaction.startedAt, at: now,
      deadline: deadline, parts: parts, terms: load.terms)
    let rowsets = encode(.precommit(precommit), parts, of: load)
    catalogue.pending[transaction.id] = PendingLoad(
      parts: rowsets, keys: load.parts.map(\.keys), terms: load.terms)
    put(transaction)
    require(.sync)
    return receipt
  }

  /// The second phase: what was pre-committed becomes visible.
  mutating func commitTransaction(_ id: TransactionID) throws -> CommitReceipt {
    var transaction = try requireTransaction(id)
    let sequence = catalogue.commitSequence + 1
    let isRepeated = transaction.state == .visible
    try transaction.commit(sequence: sequence, at: now)
    guard !isRepeated else {
      return CommitReceipt(transaction: id, sequence: transaction.sequence, isRepeated: true)
    }
    guard let load = catalogue.pending[id] else {
      throw EditRefusal("transaction \(id) is pre-committed and has no rowsets")
    }
    guard !load.isPartial else {
      throw EditRefusal("the rows of transaction \(id) have to be completed first")
    }
    var next = catalogue
    let rowsets = try load.publishable(in: next, at: now)
    let versions = try next.publish(rowsets, sequence: sequence)
    next.pending[id] = nil
    LogRecord.decide(
      TransactionDecision(transaction: id, at: now, outcome: .commit(sequence: sequence))
    ).encode(into: &frame.bytes)
    try resolveKeys(of: rowsets, load.keys)
    catalogue = next
    put(transaction)
    require(.sync)
    return CommitReceipt(
      transaction: id, sequence: sequence, versions: versions,
      byteCount: rowsets.reduce(0) { $0 + $1.rowset.summary.byteCount },
      rowCount: rowsets.reduce(0) { $0 + $1.rowset.summary.rowCount })
  }

  /// Ends a transaction that is not committed. Only what was pre-committed leaves a trace in the
  /// log: of the others a restart knows nothing.
  mutating func abortTransaction(
    _ id: TransactionID, _ reason: String
  ) throws -> CommitReceipt {
    var transaction = try requireTransaction(id)
    let wasPrecommitted = transaction.state == .precommitted
    let isRepeated = transaction.state == .aborted
    let reason = TransactionDecision.cut(reason)
    try transaction.abort(because: reason, at: now)
    guard !isRepeated else { return CommitReceipt(transaction: id, isRepeated: true) }
    put(transaction)
    if wasPrecommitted {
      swept.append(contentsOf: catalogue.pending[id]?.parts.map(\.rowset) ?? [])
      catalogue.pending[id] = nil
      LogRecord.decide(
        TransactionDecision(transaction: id, at: now, outcome: .abort(reason: reason))
      ).encode(into: &frame.bytes)
      require(.sync)
    }
    return CommitReceipt(transaction: id)
  }

  /// Rows of a group load: promised, and visible later.
  mutating func add(_ rows: GroupRows) throws -> CommitReceipt {
    guard let table = catalogue.tables[rows.table] else {
      throw EditRefusal("there is no table \(rows.table)")
    }
    let before = groupRows.last { $0.record.table == rows.table }?.record.ordinal
    var record = GroupRowsRecord(
      table: rows.table,
      ordinal: before.map { $0 + 1 } ?? store.groupLoads.nextOrdinal(of: rows.table),
      position: start, byteCount: rows.bytes.count)
    var offset = 0
    LogRecord.groupRows(record).encode(into: &frame.bytes) { _, _, found in
      offset = found
      return rows.bytes
    }
    record.position = position(offset)
    groupRows.append((record, rows))
    require(table.definition.durability)
    return CommitReceipt(byteCount: rows.bytes.count, rowCount: rows.batch.rowCount)
  }

  private func requireRoom(on tablet: TabletSnapshot, pendingCount: Int) throws {
    let count = tablet.state.componentCount + pendingCount
    guard store.gate.isFull(versionCount: count) else { return }
    throw StorageError.tooManyVersions(
      table: catalogue.table(of: tablet.id)?.definition.name ?? "", tablet: tablet.id,
      count: count, limit: store.options.tabletVersionCountMax)
  }

  /// Appends the record of a load, and makes its rowsets, readable. The offsets of inline bytes are
  /// known only once the record around them is laid out, so it is encoded first.
  private mutating func encode(
    _ record: LogRecord, _ parts: [LoadCommit.Part], of load: PreparedLoad
  ) -> [(tablet: TabletID, rowset: Rowset)] {
    var offsets = parts.map { [Int](repeating: 0, count: $0.rowset.segments.count) }
    record.encode(into: &frame.bytes) { part, segment, offset in
      offsets[part][segment] = offset
      return load.parts[part].segments[segment].inlineBytes ?? []
    }
    return parts.indices.map { index in
      let places = offsets[index].map(position)
      let meta = parts[index].rowset.placingInline(at: places)
      let rowset = store.makeRowset(
        meta, tablet: parts[index].tablet, inline: load.parts[index].segments.map(\.inlineBytes))
      return (parts[index].tablet, rowset)
    }
  }
}

extension PendingLoad {
  /// The rowsets of whole rows as the next versions of their tablets.
  func publishable(
    in catalogue: Catalogue, at now: Timestamp
  ) throws(EditRefusal) -> [(tablet: TabletID, rowset: Rowset)] {
    var published: [(tablet: TabletID, rowset: Rowset)] = []
    for (tablet, rowset) in parts where terms[tablet] == nil {
      let version = try catalogue.requireTablet(tablet).version.next
      published.append((tablet, rowset.published(as: version, at: now)))
    }
    return published
  }

  /// By rowset that is publishable, what is known of its keys.
  var wholeKeys: [PartKeys] {
    parts.indices.filter { terms[parts[$0].tablet] == nil }.map {
      $0 < keys.count ? keys[$0] : PartKeys()
    }
  }

  /// The rowsets with rows that are completed when they are decided.
  var givenRowsets: [Rowset] {
    parts.lazy.filter { terms[$0.tablet] != nil }.map(\.rowset)
  }
}

extension TransactionDecision {
  /// A reason that fits the log.
  fileprivate static func cut(_ reason: String) -> String {
    guard reason.utf8.count > reasonByteCountMax else { return reason }
    var cut = ""
    for character in reason {
      guard cut.utf8.count + character.utf8.count <= reasonByteCountMax else { break }
      cut.append(character)
    }
    return cut
  }
}

extension PreparedLoad.Segment {
  fileprivate var inlineBytes: [UInt8]? {
    if case .inline(let bytes) = self { bytes } else { nil }
  }
}

extension PreparedLoad.Part {
  /// The description of the rowset before it has versions; inline segments have no place yet.
  fileprivate var meta: RowsetMeta {
    let placements = segments.map { segment -> SegmentPlacement in
      switch segment {
      case .file(let byteCount): .file(byteCount: byteCount)
      case .inline(let bytes):
        .inline(LogPosition(file: 0, offset: 0), byteCount: bytes.count)
      }
    }
    let summary = RowsetSummary(
      versions: RowsetMeta.noVersions, byteCount: placements.reduce(0) { $0 + $1.byteCount },
      rowCount: rowCount, segmentCount: segments.count, deltaCount: deltaCount,
      segmentsOverlap: segmentsOverlap,
      createdAt: Timestamp(rawValue: 0))
    return RowsetMeta(entry: RowsetEntry(id: rowset, summary: summary), segments: placements)
  }
}

extension RowsetMeta {
  /// The same with inline segments placed; `places` is by segment, ignored for files.
  fileprivate func placingInline(at places: [LogPosition]) -> RowsetMeta {
    RowsetMeta(
      entry: entry,
      segments: zip(segments, places).map { placement, place in
        switch placement {
        case .file: placement
        case .inline(_, let byteCount): .inline(place, byteCount: byteCount)
        }
      })
  }
}
