import QueryEngine
import StorageBase
import StorageIO
import StreamTransforms
import Synchronization
import TabletEngine
import Testing

@testable import StreamDriver

/// Files, a store and a pipeline in memory, which can be killed and begun again.
final class StreamMachine {
  let clock = ManualClock(Timestamp(rawValue: 1_790_000_000_000_000))
  let disk = MemoryFileSystem()
  private(set) var files: FaultyFileSystem
  private(set) var store: Store?
  private(set) var run: StreamRun?
  let told = Told()

  final class Told: StreamObserver {
    let changes = Mutex<[String]>([])
    let troubles = Mutex<[String]>([])
    func rowsBecameVisible(_ arrivals: [RowArrival], at now: Timestamp) {}
    func streamHasTrouble(_ text: String) { troubles.withLock { $0.append(text) } }
    func schemaChanged(_ text: String) { changes.withLock { $0.append(text) } }
  }

  init() throws {
    try disk.createDirectory("/in")
    files = FaultyFileSystem(disk)
  }

  func put(_ path: String, _ text: String) throws {
    try disk.create(path, cause: .tool).append(Array(text.utf8))
  }

  private func open() throws -> Store {
    let store =
      try files.exists("/store/SEDIMENT")
      ? try Store.open("/store", files: files, clock: clock)
      : try Store.create("/store", files: files, clock: clock, entropy: 1)
    self.store = store
    return store
  }

  /// Opens the store and begins a pipeline.
  func begin(_ yaml: String) throws {
    let store = try open()
    var spec = try PipelineSpec(yaml: yaml, path: "p.yaml")
    spec.checkpointSeconds = 0.05
    try begin(try Pipeline(spec, store: store, files: files, clock: clock).plan)
  }

  /// The same with a source of one's own.
  func begin(_ yaml: String, from source: any StreamSource) throws {
    let store = try open()
    var spec = try PipelineSpec(yaml: yaml, path: "p.yaml")
    spec.checkpointSeconds = 0.05
    try begin(try Pipeline(spec, from: source, store: store).plan)
  }

  private func begin(_ plan: StreamPlan) throws {
    run = try StreamRun(
      plan, stateDirectory: "/state", files: files, clock: clock, observer: told)
  }

  /// The process ends at once.
  func kill() {
    files.replacePlan(.dying(atOperation: 0))
    run = nil
    store = nil
    files = FaultyFileSystem(disk)
  }

  /// - Returns: whether it ended before so many steps.
  func steps(_ count: Int) throws -> Bool {
    guard let run else { return true }
    for _ in 0..<count {
      for writer in 0..<run.writerCount { _ = run.step(writer: writer) }
      _ = run.stepCoordinator()
      clock.advance(bySeconds: 0.02)
      if let failure = run.failure { throw failure }
      if run.status.isFinished { return true }
    }
    return false
  }

  /// Goes on to the end.
  func finish(_ yaml: String) throws {
    if run == nil { try begin(yaml) }
    #expect(try steps(5000))
  }

  func rows(_ sql: String) throws -> [[Value]] {
    let statement = try SQLStatement(sql)
    let table = try #require(store).snapshot(of: statement.tableName)
    return try statement.bound(to: table.definition.schema).run(on: table).result.rows
  }

  func columns(_ table: String) throws -> [String] {
    try #require(store).snapshot(of: table).definition.schema.columns
      .map { "\($0.name) \($0.type)" }
  }

  /// What the first writer has sent to a side output.
  func sideOutput(_ name: String) throws -> String {
    let path = "/state/\(name)-0.jsonl"
    guard try files.exists(path) else { return "" }
    let file = try files.openForReading(path, cause: .tool)
    return String(decoding: try file.read(at: 0, count: Int(file.byteCount)), as: UTF8.self)
  }
}
