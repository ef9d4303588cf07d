import ScanKernels
import StorageBase
import StorageIO
import TabletModel

// Group loads: many small loads of clients that do not wait for each other become one version
// (`group_commit` of Apache Doris). All of it is thread-safe.
extension Store {
  /// Seconds after which rows whose version was refused are tried again.
  private static let retrySeconds = 1.0

  /// Adds rows to the next version of a table, together with those of other clients, and returns
  /// when `mode` says. That version is made after `StoreOptions.groupLoadSeconds` or
  /// `groupLoadByteCount`, by `maintain` or by a client that finds it due. Rows of different calls
  /// keep no order.
  ///
  /// Loads of `groupLoadByteCount` or more need no company and are made at once.
  /// - Throws: `StorageError` as a load does; none of the rows are added then.
  public func groupLoad(
    _ batch: ColumnBatch, into table: String, mode: GroupLoadMode
  ) throws -> GroupLoadReceipt {
    switch mode {
    case .async: return try addGroupRows(batch, into: table)
    case .sync:
      let ticket = try submitGroupRows(batch, into: table)
      while true {
        let due = groupLoads.deadline(of: ticket.table) ?? clock.now()
        // At least a moment, for somebody else may be publishing.
        let seconds = max(0.001, due.seconds(since: clock.now()))
        if let receipt = try ticket.receipt(atMost: seconds) { return receipt }
        try publishGroupLoad(of: ticket.table, onlyIfDue: true)
      }
    }
  }

  /// Adds rows as `groupLoad` of mode `sync` does, without waiting for their version.
  public func submitGroupRows(
    _ batch: ColumnBatch, into table: String
  ) throws -> GroupLoadTicket {
    let snapshot = try snapshot(of: table)
    let batch = try snapshot.definition.fitted(batch)
    let ticket = GroupLoadTicket(table: snapshot.id)
    guard batch.byteCount < options.groupLoadByteCount else {
      ticket.settle(.success(try loadAlone(batch, into: table)))
      return ticket
    }
    try makeRoomForGroupRows(of: snapshot.id)
    groupLoads.add(GroupLoadEntry(batch: batch, record: nil, ticket: ticket), of: snapshot.id)
    notifyDue(within: options.groupLoadSeconds)
    try publishIfFull(snapshot.id)
    return ticket
  }

  private func addGroupRows(
    _ batch: ColumnBatch, into table: String
  ) throws -> GroupLoadReceipt {
    let snapshot = try snapshot(of: table)
    let batch = try snapshot.definition.fitted(batch)
    guard batch.byteCount < options.groupLoadByteCount else {
      return try loadAlone(batch, into: table)
    }
    try makeRoomForGroupRows(of: snapshot.id)
    let token = try groupLoadToken(of: snapshot.id)
    var durability = DurabilityPromise.onDisk
    if batch.rowCount > 0 {
      let bytes = try GroupRowsCodec.encode(batch, of: snapshot.definition)
      let rows = GroupRows(table: snapshot.id, batch: batch, bytes: bytes)
      durability = try commit(.groupRows(rows)).durability
      notifyDue(within: options.groupLoadSeconds)
    }
    // The rows are promised now, whatever becomes of their version.
    do { try publishIfFull(snapshot.id) } catch {}
    return GroupLoadReceipt(
      transaction: token.id, label: token.label, rowCount: batch.rowCount, isVisible: false,
      durability: durability)
  }

  private func loadAlone(
    _ batch: ColumnBatch, into table: String
  ) throws -> GroupLoadReceipt {
    let receipt = try load(batch, into: table)
    return GroupLoadReceipt(
      transaction: receipt.transaction ?? TransactionID(rawValue: 0), label: "",
      rowCount: batch.rowCount, isVisible: true, durability: receipt.durability)
  }

  /// The transaction that rows added now will be committed with.
  private func groupLoadToken(of table: TableID) throws -> TransactionToken {
    if let token = groupLoads.buffers.withLock({ $0[table]?.token }) { return token }
    let token = try beginGroupTransaction()
    return groupLoads.buffers.withLock { buffers in
      // Somebody may have been quicker.
      let winner = buffers[table]?.token ?? token
      buffers[table, default: GroupLoadBuffer()].token = winner
      return winner
    }
  }

  /// No label of another transaction has the id of this one in it.
  private func beginGroupTransaction() throws -> TransactionToken {
    try beginTransaction(timeoutSeconds: nil) { id in
      "group_commit_\(String(identity.storeID, radix: 16))_\(String(id.rawValue, radix: 16))"
    }
  }

  /// Publishes what waits when memory for it is used up.
  /// - Throws: `StorageError.limitExceeded` when that does not help.
  private func makeRoomForGroupRows(of table: TableID) throws {
    let limit = 2 * options.groupLoadByteCount
    guard groupLoads.byteCount(of: table) >= limit else { return }
    try publishGroupLoad(of: table, onlyIfDue: false)
    let byteCount = groupLoads.byteCount(of: table)
    guard byteCount < limit else {
      throw StorageError.limitExceeded(
        what: "bytes of rows that wait for a version", value: byteCount, limit: limit,
        remedy: "load less often, or give compaction more room")
    }
  }

  private func publishIfFull(_ table: TableID) throws {
    guard groupLoads.byteCount(of: table) >= options.groupLoadByteCount else { return }
    try publishGroupLoad(of: table, onlyIfDue: false)
  }

  /// Makes the waiting rows of all tables visible.
  /// - Throws: the first refusal, after all were tried; rows that were promised wait on.
  public func flushGroupLoads() throws {
    let results = snapshot().map { table in
      Result { try publishGroupLoad(of: table.id, onlyIfDue: false) }
    }
    for result in results { try result.get() }
  }

  /// Publishes the rows that are due.
  /// - Returns: when the next are.
  func publishDueGroupLoads() throws -> Timestamp? {
    let results = groupLoads.due(at: clock.now()).tables.map { table in
      Result { try publishGroupLoad(of: table, onlyIfDue: true) }
    }
    for result in results { try result.get() }
    return groupLoads.due(at: clock.now()).next
  }

  /// Makes the waiting rows of a table its next version, unless somebody else is about it.
  private func publishGroupLoad(of table: TableID, onlyIfDue: Bool) throws {
    let now = clock.now()
    let taken = groupLoads.buffers.withLock { buffers in
      buffers[table]?.take(at: onlyIfDue ? now : nil)
    }
    guard let taken else { return }
    let result = Result { try publish(taken, of: table) }
    groupLoads.buffers.withLock { buffers in
      buffers[table]?.isPublishing = false
      guard case .failure = result else { return }
      // Who waits for an answer is told; who was promised is not forgotten.
      buffers[table]?.putBack(
        taken.entries.filter { $0.record != nil },
        deadline: now.advanced(bySeconds: Self.retrySeconds))
    }
    for entry in taken.entries {
      entry.ticket?.settle(result.map { $0.receipt(rowCount: entry.batch.rowCount) })
    }
    _ = try result.get()
  }

  private func publish(
    _ taken: GroupLoadBuffer.Taken, of table: TableID
  ) throws -> PublishedGroupLoad {
    guard let snapshot = snapshot().first(where: { $0.id == table }) else {
      throw StorageError.unknownName(kind: "table", name: "\(table)", known: [])
    }
    func attempt(_ token: TransactionToken) throws -> PublishedGroupLoad {
      let builder = LoadBuilder(store: self, table: snapshot, token: token)
      for entry in taken.entries {
        // The table may have been altered since.
        try builder.append(snapshot.definition.brought(entry.batch))
      }
      let load = try builder.prepare().containing(taken.cover(of: table))
      return PublishedGroupLoad(commit: try commit(load), label: token.label)
    }
    do {
      return try attempt(taken.token ?? beginGroupTransaction())
    } catch is TransactionError {
      // The transaction was aborted, by its id or its time-out. The rows were not.
      return try attempt(beginGroupTransaction())
    }
  }
}

/// A version that rows of many clients have become.
private struct PublishedGroupLoad {
  let commit: CommitReceipt
  let label: String

  /// For the client that brought so many of its rows.
  func receipt(rowCount: Int) -> GroupLoadReceipt {
    GroupLoadReceipt(
      transaction: commit.transaction ?? TransactionID(rawValue: 0), label: label,
      rowCount: rowCount, isVisible: true, durability: commit.durability)
  }
}
