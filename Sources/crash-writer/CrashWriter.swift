import StorageBase
import TabletEngine

/// One thread's operations, one after another. Each has a number, which is in its rows and in its
/// label, and lines before and after each of its steps.
struct CrashWriter {
  let store: Store
  let round: Int64
  let thread: Int64

  func run() {
    var random = SeededGenerator(seed: UInt64(round) << 8 | UInt64(thread))
    var ordinal: Int64 = 0
    while true {
      let operation = round << 40 | thread << 32 | ordinal
      ordinal += 1
      do {
        try perform(operation, &random)
      } catch {
        writeLine("refused \(operation) \(error)")
      }
    }
  }

  private func perform(_ operation: Int64, _ random: inout SeededGenerator) throws {
    switch random.next() % 16 {
    case 0..<5: try load(operation, into: WriterTables.synced, label: "\(operation)")
    case 5, 6: try load(operation, into: WriterTables.grouped)
    case 7, 8: try load(operation, into: WriterTables.loose)
    case 9..<13: try loadInTwoPhases(operation, decision: random.next() % 3)
    case 13: try loadInGroup(operation, mode: .sync)
    case 14: try loadInGroup(operation, mode: .async)
    default: random.next() % 4 == 0 ? try store.checkpoint() : try drop(operation)
    }
  }

  private func load(_ operation: Int64, into table: String, label: String = "") throws {
    let batch = try WriterTables.batch(operation: operation, rowCount: 20)
    writeLine("loading \(operation) 20")
    try store.load(batch, into: table, label: label)
    writeLine("loaded \(operation)")
  }

  /// Over two tables; one of three is left undecided.
  private func loadInTwoPhases(_ operation: Int64, decision: UInt64) throws {
    let transaction = try store.begin(label: "\(operation)")
    try transaction.builder(for: WriterTables.synced)
      .append(WriterTables.batch(operation: operation, rowCount: 20))
    try transaction.builder(for: WriterTables.loose)
      .append(WriterTables.batch(operation: operation, rowCount: 10))
    writeLine("precommitting \(operation) 30")
    try transaction.precommit()
    writeLine("precommitted \(operation)")
    switch decision {
    case 0:
      writeLine("committing \(operation)")
      try store.commit(transaction: transaction.id)
      writeLine("committed \(operation)")
    case 1:
      writeLine("aborting \(operation)")
      try store.abort(label: "\(operation)")
      writeLine("aborted \(operation)")
    default: break
    }
  }

  private func loadInGroup(_ operation: Int64, mode: GroupLoadMode) throws {
    let batch = try WriterTables.batch(operation: operation, rowCount: 5)
    writeLine("loading \(operation) 5")
    _ = try store.groupLoad(batch, into: WriterTables.synced, mode: mode)
    writeLine("loaded \(operation)")
  }

  /// Rows that nobody commits.
  private func drop(_ operation: Int64) throws {
    let transaction = try store.begin(label: "\(operation)")
    try transaction.builder(for: WriterTables.synced)
      .append(WriterTables.batch(operation: operation, rowCount: 40))
    writeLine("dropped \(operation)")
  }
}
