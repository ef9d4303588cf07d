import IngestDriver
import QueryEngine
import ScanKernels
import StorageBase
import StorageIO
import TabletEngine
import Testing

@testable import StreamDriver

/// A pipeline for changes of rows as Debezium writes them.
enum ChangeEvents {
  static let mapping = """
    format: json
    columns:
      - {name: op, type: string, source: "$.op"}
      - {name: old_id, type: int64, source: "$.before.id", nullable: true}
      - {name: new_id, type: int64, source: "$.after.id", nullable: true}
      - {name: name, type: string, source: "$.after.name", nullable: true}
      - {name: at, type: int64, source: "$.ts_ms"}
    """

  static let pipeline = """
    name: changes
    source: {files: /in/*.jsonl, mapping: /mapping.yaml}
    transforms:
      - compute: {id: "coalesce(new_id, old_id)"}
    tables:
      - table: users
        key: [id]
        unique: true
        sequence: at
        delete_on: op = 'd'
        columns: [id, name, at]
      - {table: "log_{op}", columns: [id, at]}
    """
}

/// Changes of another database's rows, as Debezium writes them, kept up to date in a table.
struct ChangeEventTests {
  @Test func theTableIsAsTheOtherDatabase() throws {
    let files = MemoryFileSystem()
    let clock = SystemClock()
    try files.createDirectory("/in")
    func put(_ path: String, _ text: String) throws {
      try files.create(path, cause: .tool).append(Array(text.utf8))
    }
    try put("/mapping.yaml", ChangeEvents.mapping)
    // What the other database has, and what it tells of its changes.
    var rows: [Int: String] = [:]
    var random = SeededGenerator(seed: 8)
    var texts = ["", ""]
    var counts = ["c": 0, "u": 0, "d": 0]
    for time in 1...3000 {
      let id = Int(random.next() % 200)
      let old = rows[id].map { "{\"id\": \(id), \"name\": \"\($0)\"}" } ?? "null"
      let isDeletion = rows[id] != nil && random.next() % 3 == 0
      let op = isDeletion ? "d" : rows[id] == nil ? "c" : "u"
      counts[op, default: 0] += 1
      rows[id] = isDeletion ? nil : "name \(time)"
      let new = rows[id].map { "{\"id\": \(id), \"name\": \"\($0)\"}" } ?? "null"
      texts[id % 2] +=
        "{\"op\": \"\(op)\", \"before\": \(old), \"after\": \(new), \"ts_ms\": \(time)}\n"
    }
    for (number, text) in texts.enumerated() { try put("/in/\(number).jsonl", text) }
    try put("/p.yaml", ChangeEvents.pipeline)
    let store = try Store.create("/store", files: files, clock: clock, entropy: 1)
    var spec = try PipelineSpec(file: "/p.yaml", files: files)
    spec.writerCount = 2
    spec.checkpointSeconds = 0.01
    let pipeline = try Pipeline(spec, store: store, files: files, clock: clock)
    let run = try StreamRun(pipeline.plan, stateDirectory: "/state", files: files, clock: clock)
    try StreamThreads(run, clock: clock).run()
    func found(_ sql: String) throws -> [[Value]] {
      let statement = try SQLStatement(sql)
      let table = try store.snapshot(of: statement.tableName)
      return try statement.bound(to: table.definition.schema).run(on: table).result.rows
    }
    let expected = rows.sorted { $0.key < $1.key }.map { id, name -> [Value] in
      [.integer(Int128(id)), .string(name)]
    }
    #expect(try found("SELECT id, name FROM users ORDER BY id") == expected)
    for (op, count) in counts {
      #expect(try found("SELECT count(*) FROM log_\(op)") == [[.integer(Int128(count))]])
    }
  }
}
