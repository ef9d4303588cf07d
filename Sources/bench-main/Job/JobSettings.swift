import BenchKit
import CompactionPolicies
import SegmentFormat
import StorageBase
import TabletEngine
import TabletModel

/// Everything that describes a run of the main job; written into `run.json`.
struct JobSettings {
  static let defaultLoadsPerSecond = 200.0
  static let defaultRowsPerLoad = 500

  var policySpec: String
  var workload: String
  var writers: Int
  var readers: Int
  /// How long loads arrive. Ignored for a file, which ends by itself.
  var seconds: Double
  /// Over all writers; nil for as fast as possible.
  var loadsPerSecond: Double?
  var rowsPerLoad: Int
  /// Over all readers; 0 for none.
  var queriesPerSecond: Double
  var seed: UInt64
  /// Nil for what the workload wants.
  var buckets: Int?
  var versionLimit: Int
  var backPressure: BackPressure
  /// What work costs here, for policies that weigh it, as `CostModel` reads it; empty if nobody has
  /// measured it.
  var costs: String
  var inlineBytes: Int
  var durability: Durability
  /// Of workloads with unique keys.
  var keyIndex: UniqueKeyOptions.Index
  var keyMerge: UniqueKeyOptions.Merge
  var compression: Compression
  var scheduler: ConfiguredScheduler
  var outDirectory: String
  /// Where the tables stay; nil for a temporary folder, removed at the end.
  var dataDirectory: String?
  var inputFile: String?
  var mappingFile: String?
  var maxErrors: Int
  /// Where the events of the run are recorded; nil for nowhere.
  var traceFile: String?

  var json: JSONValue {
    [
      "policy": .string(policySpec), "workload": .string(workload),
      "writers": .integer(writers), "readers": .integer(readers),
      "seconds": .number(seconds),
      "loads_per_second": loadsPerSecond.map { .number($0) } ?? .null,
      "rows_per_load": .integer(rowsPerLoad), "queries_per_second": .number(queriesPerSecond),
      "buckets": .optional(buckets), "version_limit": .integer(versionLimit),
      "back_pressure": .string("\(backPressure)"), "inline_bytes": .integer(inlineBytes),
      "costs": .string(costs),
      "durability": .string(durability.description),
      "key_index": .string(keyIndex.rawValue), "key_merge": .string(keyMerge.rawValue),
      "compression": .string("\(compression)"),
      "scheduler": .string(scheduler.fullSpec),
      "data": .optional(dataDirectory), "input": .optional(inputFile),
      "mapping": .optional(mappingFile), "max_errors": .integer(maxErrors),
      "trace": .optional(traceFile),
    ]
  }
}
