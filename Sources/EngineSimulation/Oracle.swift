import StorageBase

/// What a client of the store was told, and so what it may expect to read.
///
/// The rows of a load are a set that follows from its number; a tablet is a list of loads, one for
/// each version after the first. A change that threw may have happened or not: it is *uncertain*
/// until something acknowledged excludes it or a recovery shows it, and then it is decided.
struct Oracle {
  /// Rows that become visible together, in one or several tables.
  struct Change {
    struct Part {
      let table: Int
      let rowCount: Int
      /// By bucket.
      let digests: [Digest]
    }

    let number: Int
    let parts: [Part]
  }

  /// A version of a tablet.
  struct Entry {
    let load: Int
    let rowCount: Int
    let digest: Digest
  }

  /// By table and bucket: the versions after the first, oldest first.
  private(set) var histories: [Int: [[Entry]]] = [:]
  private(set) var uncertainTables: Set<Int> = []
  /// In the order they were tried.
  private(set) var uncertain: [Change] = []

  // MARK: What the client hears

  mutating func tableCreated(_ table: SampleTable) {
    uncertainTables.remove(table.number)
    histories[table.number] = Array(repeating: [], count: table.definition.bucketCount)
  }

  mutating func tableMayExist(_ table: SampleTable) { uncertainTables.insert(table.number) }

  /// A commit returned. What failed before it in the same process lay in the same place of the log,
  /// and is gone.
  mutating func acknowledged(_ change: Change) {
    uncertain.removeAll()
    append(change)
  }

  /// A commit threw something that does not say that nothing has happened.
  mutating func mayHaveHappened(_ change: Change) { uncertain.append(change) }

  private mutating func append(_ change: Change) {
    for part in change.parts {
      for (bucket, digest) in part.digests.enumerated() where digest.rowCount > 0 {
        histories[part.table]?[bucket].append(
          Entry(load: change.number, rowCount: part.rowCount, digest: digest))
      }
    }
  }

  // MARK: What may be read

  /// The tables that are there.
  var tables: [Int] { histories.keys.sorted() }

  /// The newest version of every tablet of a table.
  func versions(of table: Int) -> [Version] {
    (histories[table] ?? []).map { Version(Int64($0.count + 1)) }
  }

  /// By load, what a tablet holds at a version.
  func contents(of table: Int, bucket: Int, at version: Version) -> [Int: Digest] {
    var contents: [Int: Digest] = [:]
    for entry in (histories[table]?[bucket] ?? []).prefix(Int(version.rawValue) - 1) {
      contents[entry.load] = entry.digest
    }
    return contents
  }

  /// The ids of all rows of a table.
  func rows(of table: Int) -> [Int] {
    var rowCounts: [Int: Int] = [:]
    for entry in (histories[table] ?? []).joined() { rowCounts[entry.load] = entry.rowCount }
    return rowCounts.keys.sorted().flatMap {
      SampleTable.ids(load: $0, rowCount: rowCounts[$0] ?? 0)
    }
  }

  // MARK: What a recovery decides

  /// Decides about a table whose creation threw.
  mutating func recovered(_ table: SampleTable, exists: Bool) throws(SimulationFailure) {
    if histories[table.number] != nil {
      guard exists else { throw SimulationFailure("table \(table.name) is gone") }
    } else if exists {
      guard uncertainTables.contains(table.number) else {
        throw SimulationFailure("table \(table.name) was never created and is there")
      }
      tableCreated(table)
    }
    uncertainTables.remove(table.number)
  }

  /// Decides about uncertain changes.
  /// - Parameter found: by table and bucket, what was read of each load.
  /// - Returns: how many of them have happened.
  mutating func recovered(_ found: [Int: [[Int: Digest]]]) throws(SimulationFailure) -> Int {
    let candidates = uncertain
    var keptCount = 0
    uncertain.removeAll()
    for change in candidates {
      var places = 0
      var present = 0
      for part in change.parts {
        for (bucket, digest) in part.digests.enumerated() where digest.rowCount > 0 {
          let there = found[part.table]?[bucket][change.number]
          places += 1
          if there == digest { present += 1 }
          guard there == nil || there == digest else {
            throw SimulationFailure("load \(change.number) is there in part")
          }
        }
      }
      guard present == 0 || present == places else {
        throw SimulationFailure(
          "load \(change.number) is in \(present) of the \(places) tablets it belongs to")
      }
      guard present > 0 else { continue }
      keptCount += 1
      append(change)
    }
    return keptCount
  }
}
