import StorageBase
import TabletModel

// Partial loads of two phases. What the client gave is kept as it is; it is completed when the load
// is decided, from the rows that are the newest then, and committed like any other partial load.
extension Store {
  /// The first phase of a partial load.
  func precommitPartial(
    _ load: PreparedLoad, timeoutSeconds: Double
  ) throws -> CommitReceipt {
    let parts = try load.partials.flatMap { try $0.givenParts(in: self, load.token) }
    let given = PreparedLoad(token: load.token, parts: load.parts.filter(\.isKept) + parts)
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
        try completed(transaction)
          ?? PreparedLoad(token: token, parts: [], decides: true)
      }
    } catch {
      removeFiles(of: load)
      throw error
    }
  }

  /// The rows of a load that waits, completed; nil when it does not wait any more.
  private func completed(_ transaction: Transaction) throws -> PreparedLoad? {
    let catalogue = catalogueNow
    guard let pending = catalogue.pending[transaction.id], pending.isPartial else { return nil }
    let token = TransactionToken(transaction, registry: transactions, files: files)
    var load = PreparedLoad(token: token, parts: [], decides: true)
    do {
      for (table, given, terms) in pending.givenByTable(in: catalogue) {
        load.parts += try GivenRows.decode(given, of: table, terms).parts(in: self, token)
      }
      return load
    } catch {
      removeFiles(of: load)
      // Its files may have gone with somebody else's decision.
      guard catalogueNow.pending[transaction.id] != nil else { return nil }
      throw error
    }
  }

  /// Removes what was written for a load that is made again, or not committed. A file that cannot
  /// be removed now is removed as an orphan when the store is next opened.
  func removeFiles(of load: PreparedLoad) {
    for path in paths(of: load) { do { try files.remove(path) } catch {} }
  }
}

extension PendingLoad {
  /// What was given of rows that are to be completed, table by table.
  fileprivate func givenByTable(
    in catalogue: Catalogue
  ) -> [(table: TableSnapshot, given: [RowsetSegment], terms: PartialTerms)] {
    var tables: [(table: TableSnapshot, given: [RowsetSegment], terms: PartialTerms)] = []
    for (tablet, rowset) in parts {
      guard let terms = terms[tablet], let table = catalogue.table(of: tablet) else { continue }
      if let index = tables.firstIndex(where: { $0.table.id == table.id }) {
        tables[index].given += rowset.deltas
      } else {
        tables.append((table, rowset.deltas, terms))
      }
    }
    return tables
  }
}

extension PreparedLoad {
  /// The same load with those of its rows that are given in part completed from what there is now.
  func completed(in store: Store) throws -> PreparedLoad {
    var load = self
    load.parts.removeAll { !$0.isKept }
    do {
      for rows in partials { load.parts += try rows.parts(in: store, token) }
    } catch {
      store.removeFiles(of: load)
      throw error
    }
    return load
  }
}

extension PartialRows {
  /// The rows as they are, to be completed later.
  func givenParts(in store: Store, _ token: TransactionToken) throws -> [PreparedLoad.Part] {
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
      if var part = try writer.finish() {
        part.terms = terms
        parts.append(part)
      }
    }
    return parts
  }
}
