import Foundation
import Glibc
import QueryEngine
import StorageBase
import StorageIO
import TabletEngine
import Testing

/// `sediment ingest` killed at random moments and started again, with other numbers of writers: in
/// the end every row is there once, and windows have all of them. `./dev kill --rounds N` runs more
/// rounds.
@Suite struct StreamKillTests {
  private static let rowsPerSecond = 20_000

  private static var roundCount: Int {
    let wanted = ProcessInfo.processInfo.environment["SEDIMENT_KILL_ROUNDS"].flatMap { Int($0) }
    return wanted.map { max(6, $0 / 10) } ?? 6
  }

  /// Enough rows that no round comes to their end.
  private static var rowCount: Int { max(60_000, roundCount * rowsPerSecond) }

  private static var pipeline: String {
    """
    name: killed
    checkpoint: 20ms
    source:
      generate: raw-orders
      rows: \(rowCount)
      rate: \(rowsPerSecond)
      event_rate: 1000
      partitions: 3
    dimensions:
      - {table: products, generate: products, rows: 600, key: [product_id]}
    transforms:
      - standardise: [{column: created, type: datetime, formats: [iso]}]
      - lookup: {table: products, on: {product_id: product_id}, add: [category, price]}
      - compute: {amount: price * quantity}
    tables:
      - {table: orders, key: [order_id], buckets: 2}
    windows:
      - table: minutes
        window:
          tumbling: 10s
          time: created
          keys: [category]
          aggregates: {orders: count, amount: sum(amount)}
          delay: 4s
      - table: sessions
        window:
          session: 5s
          time: created
          keys: [user_id]
          aggregates: {orders: count}
          delay: 4s
    """
  }

  @Test func everyRowArrivesOnce() throws {
    let directory = "/tmp/sediment-stream-kill-\(getpid())"
    KilledProcess.removeTree(directory)
    let files = PosixFileSystem()
    try files.createDirectory(directory)
    let file = directory + "/pipeline.yaml"
    try files.create(file, cause: .tool).append(Array(Self.pipeline.utf8))
    var random = SeededGenerator(seed: 23)
    func arguments() -> [String] {
      [
        "ingest", file, "--store", directory + "/store", "--state", directory + "/state",
        "--writers", "\(1 + random.next() % 4)",
      ]
    }
    let clock = MonotonicClock()
    for _ in 0..<Self.roundCount {
      let end = clock.now() + (20 + random.next() % 700) * 1_000_000
      _ = try KilledProcess.run("sediment", arguments()) { _ in clock.now() >= end }
    }
    let outcome = try ChildProgram.run("sediment", arguments())
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    try check(directory)
    // Its checkpoints are not taken for those of another store.
    KilledProcess.removeTree(directory + "/store")
    let anew = try ChildProgram.run("sediment", arguments())
    #expect(anew.exitCode != 0 && anew.errors.contains("bring the store back"), "\(anew.errors)")
    #expect(try !files.exists(directory + "/store/SEDIMENT"))
    KilledProcess.removeTree(directory)
  }

  private func check(_ directory: String) throws {
    let store = try Store.open(
      directory + "/store", files: PosixFileSystem(), clock: SystemClock())
    func numbers(_ sql: String) throws -> [Int128] {
      let statement = try SQLStatement(sql)
      let table = try store.snapshot(of: statement.tableName)
      let rows = try statement.bound(to: table.definition.schema).run(on: table).result.rows
      return rows[0].map { if case .integer(let number) = $0 { number } else { -1 } }
    }
    let rejected = try rejectedCount(directory + "/state")
    let orders = try numbers(
      "SELECT count(*), count(DISTINCT order_id), sum(amount) FROM orders")
    #expect(orders[0] == orders[1], "rows are there twice")
    #expect(Int(orders[0]) + rejected == Self.rowCount)
    #expect(rejected > 0)
    #expect(try numbers("SELECT sum(orders), sum(amount) FROM minutes") == [orders[0], orders[2]])
    #expect(try numbers("SELECT sum(orders) FROM sessions") == [orders[0]])
    #expect(StoreVerifier(store).run().problems == [])
  }

  private func rejectedCount(_ state: String) throws -> Int {
    let files = PosixFileSystem()
    return try files.listDirectory(state).filter { $0.hasSuffix(".jsonl") }.reduce(0) { sum, name in
      let file = try files.openForReading("\(state)/\(name)", cause: .tool)
      let bytes = try file.read(at: 0, count: Int(file.byteCount))
      return sum + bytes.count { $0 == UInt8(ascii: "\n") }
    }
  }
}
