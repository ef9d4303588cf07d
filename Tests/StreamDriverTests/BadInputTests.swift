import ScanKernels
import StorageBase
import StorageIO
import StreamTransforms
import Synchronization
import TabletEngine
import Testing

@testable import StreamDriver

/// What comes wrong from outside: it is told, put aside or waited for, and never guessed.
struct BadInputTests {
  // MARK: Times

  /// Rows out of order are in their windows, those that come too late and those of the future
  /// aside: a clock of tomorrow must not make all others late.
  @Test func timesOutOfOrderAndOfTheFuture() throws {
    let machine = try StreamMachine()
    let start = machine.clock.now().rawValue / 10_000_000 * 10_000_000
    var random = SeededGenerator(seed: 2)
    var expected: [Int64: Int] = [:]
    let rows = (0..<1000).map { id -> [Int64] in
      // Up to three seconds out of order; every fiftieth tomorrow, every hundredth long ago.
      if id % 50 == 49 { return [Int64(id), start + 86_400_000_000] }
      if id % 100 == 98, id > 100 { return [Int64(id), start - 3_000_000_000] }
      let time = start + Int64(id) * 100_000 - Int64(random.next() % 3_000_000)
      expected[time.flooredDivision(by: 10_000_000) * 10_000_000, default: 0] += 1
      return [Int64(id), time]
    }
    let source = try ListedSource([("id", .int64, false), ("at", .datetime, false)], rows)
    try machine.begin(
      """
      name: times
      source: {generate: orders}
      transforms: [{clean: [{column: at, within: {future: 1h}}]}]
      tables: [{table: events}]
      windows:
        - table: tens
          window: {tumbling: 10s, time: at, aggregates: {n: count}, delay: 3s}
      """, from: source)
    #expect(try machine.steps(5000))
    #expect(
      try machine.rows("SELECT window_start, n FROM tens ORDER BY window_start")
        == expected.sorted { $0.key < $1.key }.map {
          [.integer(Int128($0.key)), .integer(Int128($0.value))]
        })
    let late = try machine.sideOutput("late").split(separator: "\n")
    #expect(late.count == 9 && late.allSatisfy { $0.contains("98") })
    let rejected = try machine.sideOutput("rejected").split(separator: "\n")
    #expect(rejected.count == 20 && rejected.allSatisfy { $0.contains("at within") })
    #expect(try machine.rows("SELECT count(*) FROM events") == [[.integer(980)]])
  }

  // MARK: A dimension that is missing

  @Test func aMissingDimensionIsToldWithItsPlace() throws {
    let machine = try StreamMachine()
    try machine.put("/in/a.csv", "id,user_id\n1,1\n")
    do {
      try machine.begin(
        """
        name: shop
        source: {files: /in/a.csv}
        transforms:
          - lookup: {table: users, on: {user_id: id}, add: [city]}
          - lookup: {table: towns, on: {user_id: id}, add: [town]}
        tables: [{table: orders}]
        """)
      Issue.record("it began")
    } catch {
      // Both are told, and nothing has been made.
      #expect("\(error)".contains("line 4, column 13: 1 lookup: unknown table \"users\""))
      #expect("\(error)".contains("line 5, column 13: 2 lookup: unknown table \"towns\""))
    }
    #expect(machine.store?.snapshot().isEmpty == true)
  }

  // MARK: A source that went away

  /// Ten rows a reading; says where it was opened, and is out of reach when told to be.
  private final class ListedSource: StreamSource {
    let isAway = Mutex(false)
    let openings = Mutex<[UInt64]>([])
    let schema: Schema
    let rows: [[Int64]]

    init(_ columns: [(name: String, type: DataType, isNullable: Bool)], _ rows: [[Int64]]) throws {
      schema = try Schema(columns, sortKeyCount: 1)
      self.rows = rows
    }

    func partitions() -> [String] { ["p"] }

    fileprivate func requireThere() throws {
      guard isAway.withLock({ $0 }) else { return }
      throw StorageError.io(operation: "read", path: "p", code: 5, message: "nobody answers")
    }

    func open(_ partition: String, at position: SourcePosition) throws -> any PartitionReader {
      try requireThere()
      openings.withLock { $0.append(position.offset) }
      return ListedReader(self, at: position)
    }
  }

  private final class ListedReader: PartitionReader {
    private let source: ListedSource
    private(set) var position: SourcePosition

    init(_ source: ListedSource, at position: SourcePosition) {
      self.source = source
      self.position = position
    }

    func read(maxRows: Int) throws -> SourceReading {
      try source.requireThere()
      let first = Int(position.offset)
      let rows = source.rows[first...].prefix(10)
      guard !rows.isEmpty else { return .ended }
      let columns = source.schema.columns.enumerated().map { place, column in
        let builder = ColumnBuilder(type: column.type, capacity: rows.count)
        for row in rows { builder.append(integer: row[place]) }
        return builder.finish()
      }
      position.offset += UInt64(rows.count)
      position.rowCount = position.offset
      return .rows(
        SourceBatch(
          rows: StreamBatch(
            rows: ColumnBatch(schema: source.schema, rowCount: rows.count, columns: columns),
            partition: "p", offsets: .consecutive(from: Int64(first)))))
    }
  }

  private func numbers() throws -> ListedSource {
    try ListedSource([("id", .int64, false)], (0..<1000).map { [$0] })
  }

  private static let passing = """
    name: moody
    source: {generate: orders}
    tables: [{table: rows, key: [id]}]
    """

  /// It is asked again after 0.1 s, 0.2 s and so on, up to every 10 s, and goes on where it was.
  @Test func aSourceThatWentAwayIsWaitedFor() throws {
    let machine = try StreamMachine()
    let source = try numbers()
    try machine.begin(Self.passing, from: source)
    #expect(try !machine.steps(30))
    source.isAway.withLock { $0 = true }
    #expect(try !machine.steps(2500))
    let troubles = machine.told.troubles.withLock { $0 }
    let pauses = troubles.compactMap { line in
      line.split(separator: " ").dropLast().last.flatMap { Double($0) }
    }
    let expected = [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10, 10]
    #expect(Array(pauses.prefix(expected.count)) == expected)
    #expect(pauses.dropFirst(expected.count).allSatisfy { $0 == 10 } && pauses.count < 15)
    #expect(troubles.allSatisfy { $0.contains("nobody answers") })
    let opened = source.openings.withLock { $0.count }
    source.isAway.withLock { $0 = false }
    #expect(try machine.steps(5000))
    let openings = source.openings.withLock { $0 }
    #expect(openings.count == opened + 1 && (openings.last ?? 0) > 0)
    #expect(
      try machine.rows("SELECT count(*), count(distinct id), sum(id) FROM rows")
        == [[.integer(1000), .integer(1000), .integer(499_500)]])
  }

  // MARK: A checkpoint that cannot be read

  @Test func anUnreadableCheckpointEndsTheStream() throws {
    let machine = try StreamMachine()
    let source = try numbers()
    try machine.begin(Self.passing, from: source)
    #expect(try !machine.steps(60))
    machine.kill()
    let name = try #require(
      try machine.disk.listDirectory("/state").filter { $0.hasPrefix("checkpoint-") }.max())
    let path = "/state/\(name)"
    let file = try machine.disk.openForReading(path, cause: .tool)
    let bytes = try file.read(at: 0, count: Int(file.byteCount))
    var damaged = bytes
    damaged[bytes.count / 2] ^= 4
    for broken in [damaged, Array(bytes.prefix(20)), []] {
      try machine.disk.create(path, cause: .tool).append(broken)
      do {
        try machine.begin(Self.passing, from: source)
        Issue.record("it went on from something else")
      } catch {
        #expect("\(error)".contains("older checkpoints would repeat rows"), "\(error)")
      }
      machine.kill()
    }
    // Brought back, it goes on as if nothing had been.
    try machine.disk.create(path, cause: .tool).append(bytes)
    try machine.begin(Self.passing, from: source)
    #expect(try machine.steps(5000))
    #expect(
      try machine.rows("SELECT count(*), sum(id) FROM rows")
        == [[.integer(1000), .integer(499_500)]])
  }
}
