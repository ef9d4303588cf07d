import StorageBase
import TabletModel

// Partial loads of two phases. What the client gave is kept as it is; it is completed when the load
// is decided, from the rows that are the newest then, and committed like any other partial load.
extension Store {
  /// The first phase of a partial load.
  func precommitPartial(
    _ load: PreparedLoad, _ rows: PartialRows, timeoutSeconds: Double
  ) throws -> CommitReceipt {
    let given = try rows.keeping(in: self, load.token)
    var receipt = try commitSlowed(
      .precommit(given, timeoutSeconds: timeoutSeconds), of: given)
    receipt.rowCount = load.rowCount
    // What was completed of them early is completed anew.
    removeFiles(of: receipt.isRepeated ? given : load)
    return receipt
  }

  /// The second phase of a partial load.
  /// - Throws: as `PartialLoadBuilder.prepare` for new keys, and the load goes on waiting then.
  func commitPartial(_ id: TransactionID) throws -> CommitReceipt {
    guard let transaction = transaction(id), var load = try completed(transaction) else {
      return try commit(.commitTransaction(id))
    }
    let token = load.token
    do {
      return try commitOptimistically(&load, isSlowed: false) {
        // Without rows it has been decided meanwhile, which the commit finds out.
        try completed(transaction) ?? PreparedLoad(token: token, parts: [], decides: true)
      }
    } catch {
      removeFiles(of: load)
      throw error
    }
  }

  /// The rows of a load that waits, completed; nil when it does not wait any more.
  private func completed(_ transaction: Transaction) throws -> PreparedLoad? {
    let catalogue = catalogueNow
    guard let pending = catalogue.pending[transaction.id], let terms = pending.partial,
      let table = pending.parts.first.flatMap({ catalogue.table(of: $0.tablet) })
    else { return nil }
    let token = TransactionToken(transaction, registry: transactions, files: files)
    do {
      let rows = try GivenRows.decode(pending.parts.flatMap(\.rowset.deltas), of: table, terms)
      var load = try rows.prepare(in: self, token)
      load.decides = true
      return load
    } catch {
      // Its files may have gone with somebody else's decision.
      guard catalogueNow.pending[transaction.id] != nil else { return nil }
      throw error
    }
  }

  /// Removes what was written for a load that is not committed like this. A file that cannot be
  /// removed now is removed as an orphan when the store is next opened.
  func removeFiles(of load: PreparedLoad) {
    for path in paths(of: load) { do { try files.remove(path) } catch {} }
  }
}

extension PartialRows {
  var terms: PartialTerms { PartialTerms(newKeys: newKeys, strategy: strategy) }

  /// The rows as they are, to be completed later.
  func keeping(in store: Store, _ token: TransactionToken) throws -> PreparedLoad {
    guard let table = store.catalogueNow.tables[table] else {
      preconditionFailure("tables stay")
    }
    let rows = try brought(to: table.definition.schema)
    let buckets = BucketHash(definition: table.definition)
      .rowsByBucket(rows.batch.columns, rowCount: rows.batch.rowCount)
    var parts: [PreparedLoad.Part] = []
    let step = store.options.segmentRowCountMax
    for (bucket, own) in buckets.enumerated() where !own.isEmpty {
      let writer = BucketWriter(
        store: store, tablet: table.tablets[bucket], definition: table.definition, token: token)
      try writer.add(
        given: stride(from: 0, to: own.count, by: step).map { start in
          let piece = Array(own[start..<min(own.count, start + step)])
          return try GivenRows.encode(rows, piece, of: table.definition)
        })
      if let part = try writer.finish() { parts.append(part) }
    }
    return PreparedLoad(token: token, parts: parts, terms: terms)
  }
}
