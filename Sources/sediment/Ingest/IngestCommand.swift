import ArgumentParser
import BenchKit
import CompactionPolicies
import QueryEngine
import StorageBase
import StorageIO
import StreamDriver
import TabletEngine
import TabletModel

struct IngestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ingest",
    abstract: "Runs a pipeline: rows from a source, through transforms, into tables, once each.",
    discussion: """
      A pipeline file says where rows come from, what is done with them, and which tables they go \
      to; store and tables are created when they are not there. Rows become visible with each \
      checkpoint, and every row of the source is in the tables once, whatever crashes: started \
      again, the pipeline goes on from its last checkpoint. Ctrl-C takes one more checkpoint and \
      ends; nothing is lost, and the next start goes on from there.

      Rows that cannot be read, or that a rule sends away, are in files beside the checkpoints, \
      one JSON object a line, with partition, offset and reason.

      A PIPELINE
        name: shop                       # names its loads: keep it
        store: shop.store                # or --store
        writers: 2
        checkpoint: 1s                   # {interval: 1s, longest: 30s} when versions pile up
        source:
          files: incoming/*.jsonl.gz     # or a directory; follow: true waits for more
          mapping: orders.yaml           # columns; guessed from the first file unless told
          # kafka: orders                # or a topic, with brokers: [HOST:PORT], in programs
          #                              # that are built with --traits Kafka
        schema_changes: apply            # columns that the source adds, drops, renames, widens
        transforms:
          - clean: [{column: quantity, range: [1, 100], else: divert}]
          - mask: [{column: phone, keep: {prefix: 3, suffix: 4}}]   # or hash: KEY, aes: KEY
          - lookup: {table: users, on: {user_id: id}, add: [city]}
          - compute: {amount: price * quantity}
        tables:
          - table: orders
            key: [order_id]
            unique: true
          - table: orders_of_{city}      # a table for each value
            where: amount > 500
        windows:
          - table: revenue
            window: {tumbling: 1m, time: at, keys: [city], aggregates: {revenue: sum(amount)}}
        dashboard:
          - {title: Orders, sql: select count(*) from orders}

      examples/shop/shop.yaml has all of it.

      EXAMPLES
        sediment ingest examples/shop/shop.yaml --store /tmp/shop
        sediment ingest shop.yaml --store /data/shop --writers 8
        sediment ingest shop.yaml --check        # reads the file, and says what is wrong with it

      EXIT CODES
        0 done   64 wrong arguments   66 a mistake in the file, or something cannot be read
        130 interrupted
      """)

  @Argument(help: "The pipeline file (YAML).")
  var pipeline: String

  @Option(help: "The store, over what the file says.")
  var store: String?

  @Option(help: "The directory of checkpoints and side outputs, over what the file says.")
  var state: String?

  @Option(help: "Parallel writers, over what the file says; may change from run to run.")
  var writers: Int?

  @Option(help: "The compaction policy.")
  var policy = "gradient"

  @Option(help: "Which of the wanted compactions starts when: a scheduler of `bench schedulers`.")
  var scheduler = "fair:cumulative=1"

  @Flag(help: "Only reads the file and says what is wrong with it.")
  var check = false

  @Flag(help: "Loads of the last checkpoint that the store has forgotten count as committed.")
  var assumeCommitted = false

  func run() throws {
    do {
      let interrupt = try InterruptFlag.installingSignalHandlers()
      try ingest(interrupt)
      if interrupt.isSet { throw ExitCode(interrupt.exitStatus) }
    } catch let error as SQLError {
      fail(error, code: 66)
    } catch let error as StorageError {
      fail(error, code: 66)
    } catch let error as TransactionError {
      fail(error, code: 66)
    }
  }

  private func ingest(_ interrupt: InterruptFlag) throws {
    let files = PosixFileSystem()
    var spec = try PipelineSpec(file: pipeline, files: files)
    if let writers { spec.writerCount = writers }
    let resources = try spec.resources(files: files)
    if check {
      print("\(pipeline): no mistakes")
      return
    }
    guard let path = store ?? spec.store else {
      throw StorageError.invalidArgument(
        name: "pipeline", value: pipeline, reason: "it names no store: add store: or give --store")
    }
    let session = try IngestSession(
      spec, storePath: path, statePath: state ?? spec.state ?? "\(path).streams/\(spec.name)",
      policy: policy, scheduler: scheduler, assumesCommitted: assumeCommitted,
      resources: resources, files: files)
    try session.run(until: interrupt)
  }

  func validate() throws {
    guard (1...1024).contains(writers ?? 1) else {
      throw ValidationError("--writers are 1 to 1024")
    }
  }
}
