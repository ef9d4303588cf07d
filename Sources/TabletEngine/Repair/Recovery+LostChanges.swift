import StorageBase
import StorageIO
import TabletModel

// What lies behind the damage of a log.
extension Recovery {
  /// Looks for whole frames behind the damage. Loads in them are lost: what came before them is
  /// missing, and a load that another relies on may be among it. Changes that only arrange rows
  /// anew (compactions, sweeps) are kept where they fit, since the files of their inputs may be
  /// gone; so are aborts, schema changes, and new tables, which are empty then.
  mutating func readBehind(_ damage: inout LogDamage) throws {
    var start = Int(damage.validByteCount)
    for log in [damage.file] + damage.laterFiles {
      defer { start = 0 }
      guard try files.exists(layout.log(log)) else { continue }
      let file = try files.openForReading(layout.log(log), cause: .log)
      let contents = try file.read(at: 0, count: Int(file.byteCount))
      try contents.withUnsafeBytes { bytes in
        // A damaged header does not tell the format; the frames of one are none in the other.
        for version in LogFormat.firstVersion...LogFormat.version {
          let frames = LogFrames(bytes: bytes, version: version)
          for frame in frames.laterFrames(from: start, since: damage.nextFrame) {
            var reader = ByteReader(
              frame.payload, file: layout.log(log), origin: UInt64(frame.offset))
            while reader.remaining > 0 {
              try sort(LogRecord.decode(from: &reader, file: log), into: &damage)
            }
          }
        }
      }
    }
    damage.lostGroupRowCount = try rowCount(of: damage.lostGroupRows)
  }

  private mutating func sort(_ record: LogRecord, into damage: inout LogDamage) throws {
    switch record {
    case .commit(let load) where load.transaction.map({ catalogue.pending[$0] != nil }) ?? false:
      // The partial load that it was made of waits again.
      if let id = load.transaction { damage.lostDecisions.append(id) }
    case .commit(let load):
      // It was pre-committed behind the damage as well, and is lost once.
      damage.lostLoads.removeAll { $0.sequence == nil && $0.transaction == load.transaction }
      func isContained(_ rows: GroupRowsRecord) -> Bool {
        load.covered.map { rows.table == $0.table && rows.ordinal < $0.end } ?? false
      }
      damage.lostGroupRows.removeAll(where: isContained)
      // What was promised before the damage waits again.
      let waiting = try rowCount(of: waitingGroupRows.filter(isContained))
      damage.lostLoads.append(
        .init(
          sequence: load.sequence, transaction: load.transaction, label: load.label,
          parts: load.parts, waitingRowCount: waiting))
    case .precommit(let load):
      damage.lostLoads.append(
        .init(
          sequence: nil, transaction: load.transaction, label: load.label, parts: load.parts,
          waitingRowCount: 0))
    case .groupRows(let rows): damage.lostGroupRows.append(rows)
    case .decide(let decision) where damage.settle(decision): return
    case .decide(let decision) where decision.isCommit:
      if catalogue.pending[decision.transaction] != nil {
        damage.lostDecisions.append(decision.transaction)
      }
    case .deleteRows(let deletes):
      // What lost loads have deleted is there again.
      guard let tablet = catalogue.tablet(deletes.tablet) else { return }
      let kept = DeletedRowsRecord(
        tablet: deletes.tablet, parts: deletes.parts.filter { $0.version <= tablet.version })
      guard !kept.parts.isEmpty else { return }
      try keep(.deleteRows(kept), in: &damage)
    case .patchRows(let patches):
      let kept = patches.parts.filter {
        rowsets[$0.rowset] != nil && rowsets[$0.delta.rowset] != nil
      }
      guard !kept.isEmpty else { return }
      try keep(.patchRows(PatchedRowsRecord(tablet: patches.tablet, parts: kept)), in: &damage)
    case .createTable, .alterTable, .compact, .sweep, .repair, .reserveTransactions, .decide:
      try keep(record, in: &damage)
    }
  }

  /// Carries out a record that does not refer to what is lost.
  private mutating func keep(_ record: LogRecord, in damage: inout LogDamage) throws {
    let before = self
    do {
      try apply(record)
    } catch StorageError.corrupt {
      self = before
      return
    }
    if case .compact(let compaction) = record, try !canRead(compaction) {
      self = before
      return
    }
    damage.keptRecords.append(record)
  }

  /// Promised rows that can be read; their table may be lost.
  private mutating func rowCount(of records: [GroupRowsRecord]) throws -> Int {
    try records.reduce(0) { count, record in
      guard catalogue.tables[record.table] != nil, try damage(of: record) == nil else {
        return count
      }
      return try count + rows(of: record).rowCount
    }
  }
}

extension LogDamage {
  /// Enters the decision of a load that was pre-committed behind the damage, and so is lost
  /// already; one that was aborted is no loss.
  /// - Returns: whether it is of such a load.
  fileprivate mutating func settle(_ decision: TransactionDecision) -> Bool {
    let place = lostLoads.firstIndex { $0.transaction == decision.transaction }
    guard let place else { return false }
    switch decision.outcome {
    case .commit(let sequence): lostLoads[place].sequence = sequence
    case .abort: lostLoads.remove(at: place)
    }
    return true
  }
}

extension TransactionDecision {
  fileprivate var isCommit: Bool {
    if case .commit = outcome { true } else { false }
  }
}
