import ArgumentParser
import CompactionPolicies
import Glibc
import IngestDriver
import ScanKernels
import StorageBase
import StorageIO
import Synchronization
import TabletEngine

struct LoadCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "load",
    abstract: "Loads the rows of a CSV file, or generated order events, into a table.",
    discussion: """
      The store and the table are created when they are not there. Every load is one version,
      durable before it is acknowledged; compaction runs beside the loads. Ctrl-C ends after the
      loads that are under way.

      EXAMPLES
        sediment load DIR --input orders.csv
        sediment load DIR --input lineitem.csv --mapping tpch-lineitem.yaml --rows-per-load 10000
        sediment load DIR --generate 1000000
      """)

  @Argument(help: "The store.")
  var directory: String

  @Option(help: "CSV file to load.")
  var input: String?

  @Option(help: "YAML file that maps the columns of --input; without it types are guessed.")
  var mapping: String?

  @Option(help: "Malformed rows of --input to skip before giving up.")
  var maxErrors = 0

  @Option(help: "Generates this many order events instead of reading a file.")
  var generate: Int?

  @Option(help: "Of the generated rows.")
  var seed: UInt64 = 1

  @Option(help: "The table; by default called after the file.")
  var table: String?

  @Option(help: "Rows of one load.")
  var rowsPerLoad = 10_000

  @Option(help: "Writers that load at the same time.")
  var writers = 1

  @Option(help: "The compaction policy.")
  var policy = "gradient"

  @Flag(help: "Prints a line `acknowledged WRITER LOAD` as soon as each load is durable.")
  var showAcknowledged = false

  func validate() throws {
    guard (input == nil) != (generate == nil) else {
      throw ValidationError("give either --input FILE or --generate ROWS")
    }
    guard rowsPerLoad >= 1, (1...256).contains(writers), maxErrors >= 0, generate ?? 1 >= 1 else {
      throw ValidationError(
        "--rows-per-load and --generate must be at least 1, --writers 1 to 256")
    }
  }

  func run() throws {
    do {
      let interrupt = try InterruptFlag.installingSignalHandlers()
      try load(interrupt)
      if interrupt.isSet { throw ExitCode(interrupt.exitStatus) }
    } catch let error as StorageError {
      fail(error, code: 66)
    }
  }

  private func load(_ interrupt: InterruptFlag) throws {
    let files = PosixFileSystem()
    let configured = try PolicyCatalogue.shipped.policy(policy)
    let rows = try RowsToLoad(self, files: files)
    let store = try openStore(files)
    if !store.snapshot().contains(where: { $0.definition.name == rows.table.name }) {
      try store.createTable(rows.table)
    }
    let compactionPool = try WorkerPool(name: "compaction", threadCount: 2, niceness: 5)
    let scheduler = CompactionScheduler(
      store: store, policy: configured.policy,
      lanes: [
        CompactionLane(kinds: [.cumulative], slotCount: 1, executor: compactionPool),
        CompactionLane(kinds: [.base, .full], slotCount: 1, executor: compactionPool),
      ])
    scheduler.start()
    let progress = LoadProgress(showsAcknowledged: showAcknowledged)
    let loadPool = try WorkerPool(name: "load", threadCount: writers)
    for writer in 0..<writers {
      let source = try SharedSource(
        rows.factory.makeSource(writer: writer, writerCount: writers))
      let rowsPerLoad = rowsPerLoad
      let name = rows.table.name
      loadPool.submit {
        do {
          var load = 0
          while !interrupt.isSet, !progress.hasFailed,
            let batch = try source.next(rowsPerLoad)
          {
            let receipt = try store.load(batch, into: name)
            progress.acknowledge(writer: writer, load: load, rows: receipt.rowCount)
            load += 1
          }
        } catch {
          progress.fail(error)
        }
      }
    }
    loadPool.shutdown()
    scheduler.stop(cancelRunning: interrupt.isSet)
    compactionPool.shutdown()
    if let error = progress.error { throw error }
    print("\(progress.rowCount) rows in \(progress.loadCount) loads into \(rows.table.name)")
  }

  private func openStore(_ files: PosixFileSystem) throws -> Store {
    if try files.exists(directory + "/SEDIMENT") {
      return try Store.open(directory, files: files, clock: SystemClock())
    }
    let clock = SystemClock()
    return try Store.create(
      directory, files: files, clock: clock, entropy: mixBits(UInt64(clock.now().rawValue)))
  }
}

/// Where the rows come from, and the table they need.
private struct RowsToLoad {
  let factory: any BatchSourceFactory
  let table: TableDefinition

  init(_ command: LoadCommand, files: PosixFileSystem) throws {
    guard let path = command.input else {
      var parameters = OrderEvents.Parameters()
      parameters.seed = command.seed
      let total = command.generate ?? 0
      parameters.rowsPerWriter = total.ceilingDivision(by: command.writers)
      let events = try OrderEvents(parameters)
      factory = events
      table = try TableDefinition(
        name: command.table ?? "orders", schema: events.schema, distribution: ["user_id"],
        bucketCount: 4)
      return
    }
    let file = try files.openForReading(path, cause: .tool)
    let mapping = try command.mapping.map { mappingPath in
      let text = try files.openForReading(mappingPath, cause: .tool)
      let bytes = try text.read(at: 0, count: Int(text.byteCount))
      return try InputMapping(yaml: String(decoding: bytes, as: UTF8.self), path: mappingPath)
    }
    let columns = try mapping ?? InputMapping.inferred(from: file)
    let source = try CSVSource(file: file, mapping: columns, maxErrors: command.maxErrors)
    let fileName = path.split(separator: "/").last ?? "input"
    factory = source
    table = try TableDefinition(
      name: command.table ?? String(fileName.prefix { $0 != "." }), schema: source.schema,
      distribution: columns.hashBy, bucketCount: columns.bucketCount ?? 4)
  }
}

/// A source that is used by one thread at a time.
private final class SharedSource: Sendable {
  private let source: Mutex<any BatchSource>

  init(_ source: sending any BatchSource) { self.source = Mutex(source) }

  func next(_ rowCount: Int) throws -> ColumnBatch? {
    try source.withLock { try $0.nextBatch(maxRows: rowCount) }
  }
}

/// What has been loaded so far. Thread-safe.
private final class LoadProgress: Sendable {
  private struct State {
    var rows = 0
    var loads = 0
    var error: (any Error)?
  }

  private let state = Mutex(State())
  private let showsAcknowledged: Bool

  init(showsAcknowledged: Bool) { self.showsAcknowledged = showsAcknowledged }

  var rowCount: Int { state.withLock { $0.rows } }
  var loadCount: Int { state.withLock { $0.loads } }
  var error: (any Error)? { state.withLock { $0.error } }
  var hasFailed: Bool { error != nil }

  func acknowledge(writer: Int, load: Int, rows: Int) {
    state.withLock {
      $0.rows += rows
      $0.loads += 1
    }
    guard showsAcknowledged else { return }
    // Unbuffered, and in one call, so that a line is seen as soon as it is true.
    let line = Array("acknowledged \(writer) \(load)\n".utf8)
    _ = write(STDOUT_FILENO, line, line.count)
  }

  func fail(_ error: any Error) { state.withLock { $0.error = $0.error ?? error } }
}
