import ArgumentParser
import StorageBase

extension ClientMix: ExpressibleByArgument {}

/// The options of a run of many clients.
struct ClientOptions: ParsableArguments {
  @Option(
    help: """
      This many clients instead of --writers and --readers, each with at most one operation in \
      flight, on as many threads as there are cores: see the discussion.
      """)
  var clients: Int?

  @Option(help: "Share of the clients that load; the others ask.")
  var writeShare = 0.2

  @Option(help: "What they ask: dashboard or point.")
  var mix = ClientMix.dashboard

  @Option(
    help: """
      Operations per second of all clients together, at random moments; 0 for clients that go on \
      as soon as they are answered. Unless told 1 for every 10 clients.
      """)
  var rate: Double?

  @Option(help: "Loads per second, instead of the writing clients' share of --rate.")
  var loadRate: Double?

  @Option(help: "Queries per second, instead of the asking clients' share of --rate.")
  var queryRate: Double?

  @Option(help: "Scans of the whole table per second beside that.")
  var scanRate = 0.0

  @Option(help: "Users of the shop; how busy they are follows Zipf's law.")
  var tenants = 100_000

  @Option(help: "Orders that are there before the clients come.")
  var preload = 100_000

  @Option(help: "Orders that a question about a stretch of time covers.")
  var spanRows = 10_000

  @Option(help: "Seconds after which a client wants no answer any more.")
  var timeout = 30.0

  @Option(help: "Operations of a workload group that may wait; more are refused.")
  var queue = 100_000

  @Option(help: "Milliseconds for which loads wait for company to share a version with.")
  var groupMs = 5.0

  @Option(help: "Threads that answer queries; one per core unless told.")
  var queryThreads: Int?

  @Option(help: "Bytes that loads and queries may hold together, as 256MiB.")
  var memory = "1GiB"

  @Option(help: "Niceness of the threads of compaction: more yields to clients, 0 to 19.")
  var compactionNice: Int32 = 5

  @OptionGroup var caches: CacheOptions

  func validate() throws {
    func require(_ condition: Bool, _ option: String, _ range: String) throws {
      if !condition { throw ValidationError("\(option) must be \(range)") }
    }
    if let clients {
      try require((1...1_000_000).contains(clients), "--clients", "1 to 1000000")
    }
    try require((0...1).contains(writeShare), "--write-share", "0 to 1")
    for (name, value) in [
      ("--rate", rate), ("--load-rate", loadRate), ("--query-rate", queryRate),
      ("--scan-rate", scanRate),
    ] {
      try require((0...1e7).contains(value ?? 0), name, "0 to 10000000 per second")
    }
    try require((1...1 << 24).contains(tenants), "--tenants", "1 to 16777216")
    try require((0...1 << 30).contains(preload), "--preload", "0 to 1073741824")
    try require(spanRows >= 1, "--span-rows", "at least 1")
    try require(timeout > 0 && timeout <= 3600, "--timeout", "above 0, at most 3600 s")
    try require(queue >= 0, "--queue", "0 or more")
    try require((0...1000).contains(groupMs), "--group-ms", "0 to 1000 ms")
    try require(
      parseByteSize(memory).map { $0 >= 1 << 20 } ?? false, "--memory", "1MiB or more")
    try require((0...19).contains(compactionNice), "--compaction-nice", "0 to 19")
    try require((1...64).contains(queryThreads ?? 1), "--query-threads", "1 to 64")
  }

  /// Nil without --clients.
  var settings: ClientSettings? {
    guard let clients else { return nil }
    var settings = ClientSettings()
    settings.clients = clients
    settings.writeShare = writeShare
    settings.mix = mix
    let all = rate ?? Double(clients) / 10
    let share = Double(settings.writerCount) / Double(clients)
    settings.loadsPerSecond = loadRate ?? all * share
    settings.queriesPerSecond = queryRate ?? all * (1 - share)
    settings.scansPerSecond = scanRate
    settings.tenants = tenants
    settings.preloadedRows = preload
    settings.spanRows = spanRows
    settings.timeoutSeconds = timeout
    settings.queueCount = queue
    settings.groupSeconds = groupMs / 1000
    settings.queryThreads = queryThreads
    settings.memoryByteCount = parseByteSize(memory) ?? 1 << 30
    settings.compactionNiceness = compactionNice
    settings.caches = caches.sizes
    return settings
  }
}
