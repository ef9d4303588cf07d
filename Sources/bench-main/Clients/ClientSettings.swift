import StorageBase

/// What the clients of a run ask for.
enum ClientMix: String, CaseIterable, Sendable {
  /// Everything a dashboard shows, each kind equally often.
  case dashboard
  /// Rows by key only.
  case point
}

/// What is special about a run of many clients; the rest is in `JobSettings`.
struct ClientSettings: Sendable {
  var clients = 1000
  /// Clients that write; the others read.
  var writeShare = 0.2
  var mix = ClientMix.dashboard
  /// Operations per second of all clients together; 0 for clients that go on as soon as they are
  /// answered. These two are for those that write, and those that read.
  var loadsPerSecond = 0.0
  var queriesPerSecond = 0.0
  /// Full scans per second beside that, in a workload group of their own.
  var scansPerSecond = 0.0
  /// More queries for a while; nil for none.
  var rush: Rush?
  /// Users of the shop, who are as busy as Zipf's law says.
  var tenants = 100_000
  /// Orders that are there before the clients come.
  var preloadedRows = 100_000
  /// Orders whose time a question about a stretch of time covers.
  var spanRows = 10_000
  /// Seconds after which a client wants no answer any more.
  var timeoutSeconds = 30.0
  /// Operations that may wait, of each workload group.
  var queueCount = 100_000
  /// Seconds for which loads wait for company.
  var groupSeconds = 0.005
  var loadThreads = 1
  /// Nil for one per core.
  var queryThreads: Int?
  /// What loads and queries may hold together.
  var memoryByteCount = 1 << 30
  var caches = CacheSizes()
  /// Of the threads of compaction, -20 to 19: more yields to clients.
  var compactionNiceness: Int32 = 5

  /// Queries that arrive beside the others for some seconds of the run.
  struct Rush: Sendable {
    let queriesPerSecond: Double
    let from: Double
    let seconds: Double
  }

  var writerCount: Int {
    writeShare <= 0 ? 0 : min(clients, max(1, Int((Double(clients) * writeShare).rounded())))
  }

  var readerCount: Int { clients - writerCount }

  /// Clients beside those of the mix, which scan the whole table if asked for.
  static let scannerCount = 16

  var json: JSONValue {
    [
      "clients": .integer(clients), "write_share": .number(writeShare),
      "mix": .string(mix.rawValue), "loads_per_second": .number(loadsPerSecond),
      "queries_per_second": .number(queriesPerSecond),
      "scans_per_second": .number(scansPerSecond),
      "rush_queries_per_second": .number(rush?.queriesPerSecond ?? 0),
      "rush_from_s": .number(rush?.from ?? 0), "rush_s": .number(rush?.seconds ?? 0),
      "tenants": .integer(tenants),
      "preloaded_rows": .integer(preloadedRows), "span_rows": .integer(spanRows),
      "timeout_s": .number(timeoutSeconds), "queue_count": .integer(queueCount),
      "group_s": .number(groupSeconds), "load_threads": .integer(loadThreads),
      "query_threads": .optional(queryThreads), "memory_bytes": .integer(memoryByteCount),
      "caches": caches.json, "compaction_niceness": .integer(Int(compactionNiceness)),
    ]
  }
}

/// What the store of a run keeps for the next queries, in bytes; 0 switches a cache off.
struct CacheSizes: Sendable {
  var segments = 512 << 20
  var pages = 64 << 20
  var rows = 64 << 20
  var indexes = 64 << 20
  var indexResults = 64 << 20
  /// `Int.max` for no limit.
  var keyIndexes = Int.max
  var warmsCompactedPages = true

  var json: JSONValue {
    [
      "segment_bytes": .integer(segments), "page_bytes": .integer(pages),
      "row_bytes": .integer(rows), "index_bytes": .integer(indexes),
      "index_result_bytes": .integer(indexResults),
      "key_index_bytes": keyIndexes == .max ? .null : .integer(keyIndexes),
      "warms": .bool(warmsCompactedPages),
    ]
  }
}
