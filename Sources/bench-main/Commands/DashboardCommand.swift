import ArgumentParser
import StorageIO

struct DashboardCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dashboard",
    abstract: "One writer that upserts, and a few clients that ask what dashboards ask.",
    discussion: """
      A preset of bench run --clients: a million orders, one client that upserts loads of 1 000 \
      rows at fixed moments on average, each durable before it is acknowledged, and four that ask \
      the next question as soon as they are answered: orders by status of a user, revenue by city \
      in a stretch of time, the ten products with most revenue and the distinct users in one, \
      orders with a word in their note, an order by its number, a product by its number. Answers \
      are not kept, and neither are rows that indexes have found; compaction runs beside it.

      EXAMPLES
        bench dashboard
        bench dashboard --load-rate 0
            the writer goes on as soon as it is acknowledged
        bench dashboard --page-cache 0 --no-warming
        python Benchmarks/compare_dashboard.py
            DuckDB beside it
      """)

  @Option(help: "name or name:key=value,key=value; see bench policies.")
  var policy = "gradient:promotion_min_size_mbytes=16"

  @Option(help: "Clients that ask.")
  var readers = 4

  @Option(help: "Orders that are there before the clients come.")
  var preload = 1_000_000

  @Option(help: "Rows of one load.")
  var rowsPerLoad = 1000

  @Option(help: "Loads per second, at random moments; 0 for as many as there can be.")
  var loadRate = 100.0

  @Option(help: "Orders that a question about a stretch of time covers.")
  var spanRows = 10_000

  @Option(help: "Users of the shop; how busy they are follows Zipf's law.")
  var tenants = 100_000

  @Option(help: "Seconds that the clients go on.")
  var seconds = 15.0

  @Option(help: "Threads that answer queries; one per core unless told.")
  var queryThreads: Int?

  @Option(help: "Same seed, same rows and same questions.")
  var seed: UInt64 = 1

  @Option(help: "Where the CSV files go, a new folder for each run.")
  var out = "bench-results"

  @Option(help: "Keeps the tables in this directory; without it they are removed at the end.")
  var data: String?

  @OptionGroup var caches: CacheOptions

  func validate() throws {
    guard readers >= 0, preload >= 1, rowsPerLoad >= 1, loadRate >= 0, spanRows >= 1, tenants >= 1,
      seconds > 0, (1...64).contains(queryThreads ?? 1)
    else { throw ValidationError("an option is out of range; see bench run --help for ranges") }
  }

  func run() throws {
    try withErrorsReported {
      let interrupt = try InterruptFlag.installingSignalHandlers()
      var options = try JobOptions.parse(["--out", out])
      options.seconds = seconds
      options.seed = seed
      options.rowsPerLoad = rowsPerLoad
      options.data = data
      var settings = ClientSettings()
      settings.clients = readers + 1
      settings.writeShare = 1 / Double(readers + 1)
      settings.loadsPerSecond = loadRate
      settings.queriesPerSecond = 0
      settings.tenants = tenants
      settings.preloadedRows = preload
      settings.spanRows = spanRows
      settings.groupSeconds = 0
      settings.queryThreads = queryThreads
      settings.caches = caches.sizes
      settings.caches.indexResults = 0
      let report = try ClientJob(
        options.settings(policy: policy), settings, interrupt: interrupt
      ).run()
      print(report.text)
      if interrupt.isSet { throw ExitCode(interrupt.exitStatus) }
      if !report.isSound { throw ExitCode(1) }
    }
  }
}
