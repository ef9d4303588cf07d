import ArgumentParser
import CompactionPolicies
import Glibc
import IngestDriver
import QueryEngine
import ScanKernels
import StorageBase
import StorageIO
import Synchronization
import TabletEngine
import TabletModel

extension Durability: ExpressibleByArgument {}

/// How the rows of a file are written.
enum InputFormat: String, ExpressibleByArgument, CaseIterable {
  case csv, json
}

struct LoadCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "load",
    abstract: "Loads the rows of a CSV or JSON file, or generated order events, into a table.",
    discussion: """
      The store and the table are created when they are not there. Every load is one version,
      durable before it is acknowledged unless --durability says otherwise; compaction runs beside
      the loads. Ctrl-C ends after the loads that are under way.

      With --label the whole input is one load: it is visible whole or not at all, and the same
      label is refused afterwards, so that a command whose answer was lost can be repeated. With
      --two-phase its rows become durable and stay invisible until `sediment transactions` commits
      them.

      Rows of JSON are objects, one on each line or all in one array. Their columns are the members
      of the first objects, or what a mapping says: it can name places such as $.user.city.

      A file is read by several threads, each of which takes whole rows, sorts and encodes them; so
      rows of equal keys need not keep the order of the file. A thread makes a load of every 64 MiB
      of text unless told otherwise, and needs about four times as much memory at most.

      With --unique-key, or keys: unique in the mapping, rows of one key replace each other: the one
      with the greater sequence stays, without --sequence-column the one that comes later, which is
      why one thread reads the file then. Into such a table rows are loaded whole, as deletions of
      their keys, or both (--merge-type), or with some columns only (--partial), which may differ
      from row to row in JSON (--flexible). A table that is there says what the columns of the
      input are.

      EXAMPLES
        sediment load DIR --input orders.csv
        sediment load DIR --input lineitem.csv --mapping tpch-lineitem.yaml --rows-per-load 10000
        sediment load DIR --generate 1000000
        sediment load DIR --input monday.csv --table orders --label monday --two-phase
        sediment load DIR --input log.csv --index message=parser:english --bloom-filter user_id
        sediment load DIR --input users.csv --unique-key id --sequence-column changed_at
        sediment load DIR --table users --input new.csv --merge-type merge --delete-on "op = 'd'"
        sediment load DIR --table users --input gone.csv --merge-type delete
        sediment load DIR --table users --input cities.csv --partial --new-keys error
        sediment load DIR --table users --input changes.jsonl --partial --flexible

      EXIT CODES
        0 done   64 wrong arguments or condition   65 a transaction does not allow it
        66 the rows do not fit, or something cannot be read   130 interrupted
      """)

  @Argument(help: "The store.")
  var directory: String

  @Option(help: "File to load.")
  var input: String?

  @Option(help: "How --input is written: csv, or json, as files called .json, .jsonl, .ndjson are.")
  var format: InputFormat?

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

  @OptionGroup var uniqueKeys: UniqueKeyArguments

  @OptionGroup var effect: RowEffectArguments

  @OptionGroup var pruning: PruningOptions

  @Option(help: "Rows of one load; unless told 10000 generated ones, or those of 64 MiB of text.")
  var rowsPerLoad: Int?

  @Option(
    help: """
      Threads that load at the same time; unless told one for each core, or 1 to generate and \
      where the order of rows matters.
      """)
  var threads: Int?

  @Option(
    help: """
      When loads of a table that is created now are on disk: sync, group:MS (within so many \
      milliseconds of the acknowledgement), none (when the system likes).
      """)
  var durability = Durability.sync

  @Option(help: "Makes one load of all rows, under this label.")
  var label: String?

  @Flag(help: "Only pre-commits the load of --label.")
  var twoPhase = false

  @Option(help: "The compaction policy.")
  var policy = "gradient"

  @Option(
    help: """
      Which of the wanted compactions starts when: a scheduler of `bench schedulers`, as \
      name or name:key=value,key=value.
      """)
  var scheduler = "fair:cumulative=1"

  @Option(help: "What happens to loads while versions pile up: smooth, hard or none.")
  var backPressure = "smooth"

  @Flag(help: "Prints a line `acknowledged WRITER LOAD` as soon as each load is durable.")
  var showAcknowledged = false

  func validate() throws {
    guard (input == nil) != (generate == nil) else {
      throw ValidationError("give either --input FILE or --generate ROWS")
    }
    guard format == nil || input != nil else { throw ValidationError("--format needs --input") }
    guard label != nil || !twoPhase else { throw ValidationError("--two-phase needs --label") }
    guard generate == nil || uniqueKeys.isEmpty else {
      throw ValidationError("generated rows have no unique key: give --input")
    }
    guard label == nil || (rowsPerLoad == nil && threads == nil && label?.isEmpty == false) else {
      throw ValidationError(
        "--label makes one load with one thread, without --rows-per-load and --threads")
    }
    guard rowsPerLoad ?? 1 >= 1, (1...256).contains(threads ?? 1), maxErrors >= 0,
      generate ?? 1 >= 1
    else {
      throw ValidationError(
        "--rows-per-load and --generate must be at least 1, --threads 1 to 256")
    }
  }

  func run() throws {
    do {
      let interrupt = try InterruptFlag.installingSignalHandlers()
      try load(interrupt)
      if interrupt.isSet { throw ExitCode(interrupt.exitStatus) }
    } catch let error as SQLError {
      fail(error, code: 64)
    } catch let error as StorageError {
      fail(error, code: 66)
    } catch let error as TransactionError {
      fail(error, code: 65)
    }
  }

  private func threadCount(_ rows: RowsToLoad) -> Int {
    if label != nil { return 1 }
    let isSerial = generate != nil || rows.isOrdered
    return threads ?? (isSerial ? 1 : max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))))
  }

  private func load(_ interrupt: InterruptFlag) throws {
    let files = PosixFileSystem()
    let configured = try PolicyCatalogue.shipped.policy(policy)
    let rules = try ConfiguredScheduler(spec: scheduler).rules
    let opened = try openStore(files)
    let known = opened?.snapshot().map(\.definition) ?? []
    let rows = try RowsToLoad(self, files: files) { name in known.first { $0.name == name } }
    let store = try opened ?? createStore(files)
    if !known.contains(where: { $0.name == rows.table.name }) {
      try store.createTable(rows.table)
    }
    let threadCount = threadCount(rows)
    let progress = LoadProgress(rows.input)
    if let label {
      try LabelledLoad(store: store, effect: rows.effect, label: label, isTwoPhase: twoPhase)
        .run(
          from: rows.factory.makeSource(writer: 0, writerCount: 1), interrupt: interrupt,
          progress: progress)
      if let report = rows.skippedRowsReport { print(report) }
      return
    }
    let loader = Loader(
      store: store, effect: rows.effect, rowsPerLoad: rowsPerLoad ?? rows.rowsPerLoad,
      showsAcknowledged: showAcknowledged, interrupt: interrupt, progress: progress)
    let sources = try (0..<threadCount).map {
      LockedSource(try rows.factory.makeSource(writer: $0, writerCount: threadCount))
    }
    do {
      try loader.run(policy: configured.policy, rules: rules, sources: sources)
    } catch {
      progress.finish()
      if loader.loadCount > 0 {
        print("\(loader.rowCount) rows in \(loader.loadCount) loads were durable before, and stay")
      }
      throw error
    }
    progress.finish()
    if let report = rows.skippedRowsReport { print(report) }
    print(
      "\(loader.rowCount) rows in \(loader.loadCount) loads into \(rows.table.name) "
        + progress.summary)
  }

  /// Nil when there is none.
  private func openStore(_ files: PosixFileSystem) throws -> Store? {
    guard try files.exists(directory + "/SEDIMENT") else { return nil }
    return try Store.open(directory, files: files, clock: SystemClock(), options: storeOptions())
  }

  private func createStore(_ files: PosixFileSystem) throws -> Store {
    let clock = SystemClock()
    return try Store.create(
      directory, files: files, clock: clock, entropy: mixBits(UInt64(clock.now().rawValue)),
      options: storeOptions())
  }

  private func storeOptions() throws -> StoreOptions {
    var options = StoreOptions()
    options.backPressure = try BackPressure(spec: backPressure)
    return options
  }
}
