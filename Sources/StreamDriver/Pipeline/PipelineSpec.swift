import StreamTransforms

/// A pipeline as a person describes it: what a pipeline file says, or a program. A value.
public struct PipelineSpec: Sendable {
  /// Names the loads, and the state unless told.
  public var name: String
  /// The directory of the store; nil leaves it to the command.
  public var store: String?
  /// The directory of checkpoints and side outputs; nil for one beside the store.
  public var state: String?
  public var source: SourceSpec
  /// Tables that are filled before anything else if they are not there.
  public var dimensions: [DimensionSpec] = []
  /// What happens to rows before they go to tables and windows.
  public var transforms: [TransformStep] = []
  /// Where the secrets are that masks use, by name.
  public var secrets: [String: SecretSpec] = [:]
  public var tables: [SinkTable]
  /// What becomes of changes of columns among the rows; nil where they are not looked for.
  public var schemaChanges: SchemaChangeSpec?
  public var windows: [WindowTable] = []
  public var writerCount = 1
  /// Seconds between checkpoints, and at most, when versions pile up.
  public var checkpointSeconds = 1.0
  public var longestCheckpointSeconds: Double?
  public var delivery = Delivery.exactlyOnce
  public var batchRowCount = 8192
  public var idleSeconds = 60.0
  /// Questions whose answers are shown while it runs.
  public var dashboard: [DashboardQuery] = []
  /// Bytes of rows that all writers together hold before they are written, about; with what sorting
  /// and encoding them takes, memory is four times as much with one writer, and ten times with
  /// twenty. Nil for `usualBufferByteCount`.
  public var bufferByteCount: Int?

  /// As much as keeps a process below 256 MiB: large buffers make fewer segments, and loading text
  /// with one writer almost twice as fast.
  public static func usualBufferByteCount(writerCount: Int) -> Int {
    writerCount <= 4 ? 64 << 20 : 24 << 20
  }

  public init(name: String, source: SourceSpec, tables: [SinkTable]) {
    self.name = name
    self.source = source
    self.tables = tables
  }
}

/// A table with what is known of users, products and the like, for lookups.
public struct DimensionSpec: Hashable, Sendable {
  public var table: String
  public var source: SourceSpec
  /// Its keys are unique, and its rows kept whole, unless the layout says otherwise.
  public var layout: TableLayout

  public init(table: String, source: SourceSpec, layout: TableLayout) {
    self.table = table
    self.source = source
    self.layout = layout
  }
}

/// Where a secret is.
public enum SecretSpec: Hashable, Sendable {
  /// A variable of the environment.
  case environment(String)
  /// A file, all of it but a line end at its end.
  case file(String)
}

/// A question that is asked again and again.
public struct DashboardQuery: Hashable, Sendable {
  public var title: String
  public var sql: String

  public init(title: String, sql: String) {
    self.title = title
    self.sql = sql
  }
}

/// Windows over the rows of a pipeline, and the table that has their results: unique by the keys of
/// the windows and their start.
public struct WindowTable: Hashable, Sendable {
  public var name: String
  public var window: WindowSpec
  public var bucketCount = 1

  public init(name: String, window: WindowSpec) {
    self.name = name
    self.window = window
  }
}

/// Where the rows of a pipeline come from.
public enum SourceSpec: Hashable, Sendable {
  case generated(GeneratorSpec)
  case files(TextSpec)
  /// What another program writes to this one.
  case standardInput(TextSpec)
  /// In programs that are built with the trait `Kafka`.
  case kafka(KafkaSpec)

  /// What positions depend on, in words.
  var identity: String {
    switch self {
    case .generated(let spec):
      (["\(spec.kind) \(spec.seed) \(spec.partitionCount)"]
        + [
          spec.userCount.map { "users \($0)" }, spec.columnCount.map { "columns \($0)" },
          spec.scale.map { "scale \($0)" },
        ].compactMap { $0 }).joined(separator: " ")
    case .files(let spec): "files \(spec.path)"
    case .standardInput: "standard input"
    // Brokers come and go; that the cluster is the same is in the positions.
    case .kafka(let spec): "kafka \(spec.topic)"
    }
  }
}

/// Texts and what is in them.
public struct TextSpec: Hashable, Sendable {
  public enum Format: String, CaseIterable, Sendable { case csv, json }

  /// A file, a directory, or a path whose last part has `*` or `?` in it.
  public var path: String
  /// Nil to tell by the name of the file.
  public var format: Format?
  /// The file that says what the columns are; nil to guess them from the first rows.
  public var mapping: String?
  /// Whether files may grow, and new ones come.
  public var isFollowed = false

  public init(path: String) { self.path = path }
}

/// A generator and how much of it.
public struct GeneratorSpec: Hashable, Sendable {
  public enum Kind: String, CaseIterable, Sendable {
    /// `OrderEvents`.
    case orders
    /// `OrderStates`.
    case states
    /// `RawOrders`.
    case rawOrders = "raw-orders"
    /// `ClickEvents`.
    case clicks
    /// `Product360Stream`.
    case product360
    /// `TPCHRefresh`.
    case tpchRefresh = "tpch-refresh"
    /// `ShopDimension.users`.
    case users
    /// `ShopDimension.products`.
    case products
  }

  public var kind: Kind
  /// Of all partitions together; nil for no end.
  public var rowCount: Int?
  public var rowsPerSecond: Double?
  public var partitionCount = 1
  /// Events of a second of event time, where it advances with the rows; nil for the rate, or that
  /// of the generator.
  public var eventsPerSecond: Double?
  public var seed: UInt64 = 1
  /// Of clicks: visitors there are; nil for a million. Of `product360`: rows of the table; nil for
  /// 20 000.
  public var userCount: Int?
  /// Of `product360`: columns of the table; nil for 2 000.
  public var columnCount: Int?
  /// Of `tpchRefresh`: that of the benchmark; nil for one.
  public var scale: Double?

  public init(_ kind: Kind) { self.kind = kind }
}
