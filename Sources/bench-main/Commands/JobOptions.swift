import ArgumentParser
import CompactionPolicies
import SegmentFormat
import TabletEngine
import TabletModel

/// The options of the main job, shared by `run` and `compare`.
struct JobOptions: ParsableArguments {
  @Option(help: "What the writers send: see bench workloads.")
  var workload = "orders"

  @Option(help: "Concurrent writing clients.")
  var writers = 20

  @Option(help: "Concurrent reading clients; 0 for none.")
  var readers = 64

  @Option(help: "How long loads arrive. Compaction may take longer to finish.")
  var seconds = 20.0

  @Option(help: "Loads per second over all writers; 0 for as fast as possible.")
  var loadsPerSecond = JobSettings.defaultLoadsPerSecond

  @Option(help: "Rows of one load; unless told 500, and 10 with --clients.")
  var rowsPerLoad: Int?

  @Option(help: "Queries per second over all readers.")
  var queriesPerSecond = 100.0

  @Option(help: "Same seed, same rows and same queries.")
  var seed: UInt64 = 1

  @Option(help: "Tablets of the table.")
  var buckets: Int?

  @Option(help: "Versions of a tablet above which loads are refused.")
  var versionLimit = 2000

  @Option(
    help: """
      What happens to loads while versions pile up: smooth slows them before the limit, hard \
      refuses them at it, none lets them all in. See bench policies for parameters.
      """)
  var backPressure = "smooth"

  @Option(
    help: "Rowsets up to this many bytes lie inline in the log; 0 gives every load its own file.")
  var inlineBytes = 64 << 10

  @Option(
    help: """
      What work costs here, for policies that weigh it: key=value,key=value as bench calibrate \
      prints it.
      """)
  var costs = ""

  @Option(
    help: """
      What acknowledging a load promises: sync (it is on disk), group:MS (it will be, within so \
      many milliseconds), none.
      """)
  var durability = "sync"

  @Option(help: "How rows are found by key where keys are unique: hash or sorted.")
  var keyIndex = UniqueKeyOptions.Index.hash

  @Option(help: "When rows of equal keys become one: on-write or on-read.")
  var keyMerge = UniqueKeyOptions.Merge.onWrite

  @Option(help: "none, lz4, zstd or zstd:LEVEL.")
  var compression = "lz4"

  @Option(help: "Which compactions start when: name:key=value,key=value; see bench schedulers.")
  var scheduler = "fair:cumulative=1,base=1"

  @Option(help: "Cumulative compactions at a time, whatever the scheduler says.")
  var cumulativeSlots: Int?

  @Option(help: "Base and full compactions at a time, whatever the scheduler says.")
  var baseSlots: Int?

  @Option(help: "Where the CSV files go, a new folder for each run.")
  var out = "bench-results"

  @Option(help: "Keeps the tables in this directory; without it they are removed at the end.")
  var data: String?

  @Option(help: "Replays the rows of this CSV file, in file order, instead of generated ones.")
  var input: String?

  @Option(help: "YAML file that maps the columns of --input; without it types are guessed.")
  var mapping: String?

  @Option(help: "Malformed rows of --input to skip before giving up.")
  var maxErrors = 0

  func validate() throws {
    func require(_ condition: Bool, _ option: String, _ found: String, _ range: String) throws {
      if !condition { throw ValidationError("\(option) is \(found); it must be \(range)") }
    }
    try require((1...100_000).contains(writers), "--writers", "\(writers)", "1 to 100000")
    try require((0...100_000).contains(readers), "--readers", "\(readers)", "0 to 100000")
    try require(
      seconds > 0 && seconds <= 604_800, "--seconds", "\(seconds)", "above 0, at most a week")
    try require(loadsPerSecond >= 0, "--loads-per-second", "\(loadsPerSecond)", "0 or more")
    try require(
      (1...10_000_000).contains(rowsPerLoad ?? 1), "--rows-per-load", "\(rowsPerLoad ?? 1)",
      "1 to 10000000")
    try require(queriesPerSecond >= 0, "--queries-per-second", "\(queriesPerSecond)", "0 or more")
    try require(versionLimit >= 1, "--version-limit", "\(versionLimit)", "at least 1")
    try require(inlineBytes >= 0, "--inline-bytes", "\(inlineBytes)", "0 or more")
    for (name, slots) in [("--cumulative-slots", cumulativeSlots), ("--base-slots", baseSlots)] {
      if let slots { try require((1...64).contains(slots), name, "\(slots)", "1 to 64") }
    }
    try require(maxErrors >= 0, "--max-errors", "\(maxErrors)", "0 or more")
    try require(
      Compression(compression) != nil, "--compression", compression,
      "none, lz4, zstd or zstd:LEVEL")
    try require(
      Durability(durability) != nil, "--durability", durability,
      "sync, none or group:MS with 1 to 60000 ms")
    try require(
      mapping == nil || input != nil, "--mapping", mapping ?? "", "given together with --input")
  }

  /// - Throws: `StorageError` for a --back-pressure or --scheduler that does not exist.
  func settings(policy: String) throws -> JobSettings {
    JobSettings(
      policySpec: policy, workload: workload, writers: writers, readers: readers,
      seconds: seconds, loadsPerSecond: loadsPerSecond == 0 ? nil : loadsPerSecond,
      rowsPerLoad: rowsPerLoad ?? JobSettings.defaultRowsPerLoad,
      queriesPerSecond: readers == 0 ? 0 : queriesPerSecond,
      seed: seed, buckets: buckets, versionLimit: versionLimit,
      backPressure: try BackPressure(spec: backPressure),
      costs: costs, inlineBytes: inlineBytes, durability: Durability(durability) ?? .sync,
      keyIndex: keyIndex, keyMerge: keyMerge,
      compression: Compression(compression) ?? .lz4, scheduler: try configuredScheduler(),
      outDirectory: out, dataDirectory: data, inputFile: input,
      mappingFile: mapping, maxErrors: maxErrors)
  }
  /// The scheduler with the slots that are asked for.
  private func configuredScheduler() throws -> ConfiguredScheduler {
    var spec = scheduler
    for (key, slots) in [("cumulative", cumulativeSlots), ("base", baseSlots)] {
      guard let slots else { continue }
      spec = try PolicySpec(spec, of: "scheduler", among: ConfiguredScheduler.names)
        .setting(key, to: "\(slots)").text
    }
    return try ConfiguredScheduler(spec: spec)
  }
}
