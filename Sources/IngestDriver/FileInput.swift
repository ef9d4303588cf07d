import StorageBase
import StorageIO

/// A text file to load, and what its mapping says of the table for it. Thread-safe.
public struct FileInput: BatchSourceFactory {
  /// The file's name up to its first point.
  public let tableName: String
  /// The columns that rows are hashed by; empty when the mapping leaves it open.
  public let distribution: [String]
  /// Nil when the mapping leaves it open.
  public let bucketCount: Int?
  /// Bytes of the file.
  public let byteCount: UInt64
  /// What filters and indexes the columns are to have.
  public let pruning: [ColumnID: ColumnPruning]
  private let source: FileSource

  /// - Parameters:
  ///   - mappingPath: a YAML file that says what the columns are; nil to guess them from the first
  ///     rows, which are JSON where the name of the file says so.
  ///   - maxErrors: malformed rows to skip before one is an error.
  ///   - batchByteCountMax: see `FileSource`.
  /// - Throws: `StorageError` for files that cannot be read, and every mistake of the mapping.
  public init(
    path: String, mappingPath: String?, maxErrors: Int, files: any FileSystem,
    batchByteCountMax: Int = FileSource.batchByteCountLimit
  ) throws {
    func guessed() throws -> InputMapping {
      let file = try files.openForReading(path, cause: .tool)
      return try .inferred(
        from: file, json: Self.isJSON(path) ? JSONDialect(detectedIn: file) : nil)
    }
    try self.init(
      path: path,
      mapping: mappingPath.map { try InputMapping(file: $0, files: files) } ?? guessed(),
      maxErrors: maxErrors, files: files, batchByteCountMax: batchByteCountMax)
  }

  /// Whether a file is called as files of JSON are: `.json`, `.jsonl` or `.ndjson`.
  public static func isJSON(_ path: String) -> Bool {
    [".json", ".jsonl", ".ndjson"].contains { path.lowercased().hasSuffix($0) }
  }

  /// - Throws: as the other.
  public init(
    path: String, mapping: InputMapping, maxErrors: Int, files: any FileSystem,
    batchByteCountMax: Int = FileSource.batchByteCountLimit,
    onRejectedRow handler: FileSource.UnreadableRowHandler? = nil
  ) throws {
    let file = try files.openForReading(path, cause: .tool)
    source = try FileSource(
      file: file, mapping: mapping, maxErrors: maxErrors, batchByteCountMax: batchByteCountMax,
      onRejectedRow: handler)
    byteCount = file.byteCount
    tableName = Self.tableName(of: path)
    distribution = mapping.hashBy
    bucketCount = mapping.bucketCount
    pruning = mapping.pruning
  }

  /// What a table is called by default.
  public static func tableName(of path: String) -> String {
    String((path.split(separator: "/").last ?? "input").prefix { $0 != "." })
  }

  public var schema: Schema { source.schema }

  /// Bytes of the file that were taken to be read so far.
  public var takenByteCount: UInt64 { source.takenByteCount }

  public func makeSource(writer: Int, writerCount: Int) throws -> any BatchSource {
    source.makeSource(writer: writer, writerCount: writerCount)
  }

  /// Malformed rows skipped so far, in words; nil when there were none.
  public var skippedRowsReport: String? {
    let rejected = source.rejectedRows
    guard let first = rejected.first else { return nil }
    return "\(rejected.count) malformed rows skipped, the first: \(first.error)"
  }
}
