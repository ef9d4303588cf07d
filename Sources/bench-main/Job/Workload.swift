import BenchKit
import IngestDriver
import ScanKernels
import SegmentFormat
import StorageBase
import StorageIO
import TabletEngine

/// What the writers of a run send, and the table it goes to.
struct Workload: Sendable {
  let name: String
  let dashboard: Dashboard
  private let factory: any BatchSourceFactory
  private let tableName: String
  private let distribution: [String]
  private let bucketCount: Int
  /// Nil where several rows may have one key.
  private let uniqueKeys: UniqueKeyOptions?
  /// Nil for generated rows.
  private let file: FileInput?

  /// - Throws: `StorageError.unknownName` listing the workloads, and what is wrong with an input
  ///   file or its mapping.
  init(_ settings: JobSettings) throws {
    if let path = settings.inputFile {
      let input = try FileInput(
        path: path, mappingPath: settings.mappingFile, maxErrors: settings.maxErrors,
        files: PosixFileSystem())
      file = input
      factory = input
      name = "file"
      tableName = input.tableName
      distribution = input.distribution
      bucketCount = input.bucketCount ?? Self.defaultBucketCount
      uniqueKeys = nil
    } else if settings.workload == "upserts" {
      var parameters = OrderStates.Parameters()
      parameters.seed = settings.seed
      parameters.separatesWriters = true
      file = nil
      factory = try OrderStates(parameters)
      name = settings.workload
      tableName = "order_states"
      distribution = ["order_id"]
      bucketCount = Self.defaultBucketCount
      uniqueKeys = UniqueKeyOptions(merge: settings.keyMerge, index: settings.keyIndex)
    } else {
      guard Self.names.contains(settings.workload) else {
        throw StorageError.unknownName(
          kind: "workload", name: settings.workload, known: Self.names)
      }
      var parameters = OrderEvents.Parameters()
      parameters.seed = settings.seed
      if let rate = settings.loadsPerSecond {
        parameters.rowsPerSecond = rate * Double(settings.rowsPerLoad)
      }
      file = nil
      factory = try OrderEvents(parameters)
      name = settings.workload
      tableName = "orders"
      distribution = ["user_id"]
      bucketCount = Self.defaultBucketCount
      uniqueKeys = nil
    }
    dashboard = Dashboard(schema: factory.schema)
  }

  static let names = ["orders", "upserts"]
  private static let defaultBucketCount = 4

  static func description(of name: String) -> String {
    switch name {
    case "upserts":
      """
      upserts: newest states of orders, unique by order_id: four of five rows take the place of an
        older one, chosen by Zipf's law, the others are new orders; a writer changes its own orders
        --key-index and --key-merge say how keys are kept unique
        readers ask the same about one order, ten seconds, and products
      """
    default:
      """
      orders: order events of a shop, keyed by (user_id, order_time), hashed by user_id
        user_id, order_id, product_id, city and status are skewed as in life; order times advance
        with the rate of loads and are up to two seconds late; coupon is mostly null
        readers ask: orders by status of a user, revenue by city over ten seconds, top ten products
      """
    }
  }

  func tableDefinition(_ settings: JobSettings) throws -> TableDefinition {
    let pruning = (file?.pruning ?? [:]).sorted { $0.key.rawValue < $1.key.rawValue }
    return try TableDefinition(
      name: tableName, schema: factory.schema, distribution: distribution,
      bucketCount: settings.buckets ?? bucketCount,
      segmentOptions: SegmentOptions(
        compression: settings.compression,
        filters: pruning.flatMap { $0.value.filters(of: $0.key) }),
      indexes: pruning.compactMap { column, pruning in
        pruning.index.map { ColumnIndex(column: column, options: $0) }
      }, durability: settings.durability, uniqueKeys: uniqueKeys)
  }

  /// How many loads there are in all; nil when the sources end by themselves.
  func loadCount(_ settings: JobSettings) -> Int? {
    guard file == nil else { return nil }
    // As fast as possible means as many as the default rate would have sent.
    let rate = settings.loadsPerSecond ?? JobSettings.defaultLoadsPerSecond
    return max(1, Int((rate * settings.seconds).rounded()))
  }

  func makeSource(writer: Int, of writerCount: Int) throws -> any BatchSource {
    try factory.makeSource(writer: writer, writerCount: writerCount)
  }

  /// Malformed rows that were skipped, in words; nil when there were none.
  var inputReport: String? { file?.skippedRowsReport }

  static var simdLevel: String { KernelTable.levelName }

  static var buildDescription: String {
    "\(RunEnvironment.buildConfiguration) build, \(simdLevel)"
  }
}
