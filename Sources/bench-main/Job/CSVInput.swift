import IngestDriver
import StorageBase
import StorageIO

/// A CSV file whose rows the writers replay, and the table they go to.
struct CSVInput: BatchSourceFactory {
  let tableName: String
  let distribution: [String]
  let bucketCount: Int
  private let source: CSVSource

  /// - Parameter mappingPath: a YAML file that says what the columns are; without it they are
  ///   guessed from the first rows.
  init(path: String, mappingPath: String?, maxErrors: Int, files: PosixFileSystem) throws {
    let file = try files.openForReading(path, cause: .tool)
    let mapping: InputMapping
    if let mappingPath {
      let text = try files.openForReading(mappingPath, cause: .tool)
      let bytes = try text.read(at: 0, count: Int(text.byteCount))
      mapping = try InputMapping(yaml: String(decoding: bytes, as: UTF8.self), path: mappingPath)
    } else {
      mapping = try InputMapping.inferred(from: file)
    }
    source = try CSVSource(file: file, mapping: mapping, maxErrors: maxErrors)
    let name = path.split(separator: "/").last ?? "input"
    tableName = String(name.prefix { $0 != "." })
    distribution = mapping.hashBy
    bucketCount = mapping.bucketCount ?? 4
  }

  var schema: Schema { source.schema }

  func makeSource(writer: Int, writerCount: Int) throws -> any BatchSource {
    source.makeSource(writer: writer, writerCount: writerCount)
  }

  var skippedRowsReport: String? {
    let rejected = source.rejectedRows
    guard let first = rejected.first else { return nil }
    return "\(rejected.count) malformed rows skipped, the first: \(first.error)"
  }
}
