import IngestDriver
import StorageBase
import StorageIO
struct CSVInput: BatchSourceFactory {
  let schema: Schema
  let tableName = "", distribution: [String] = [], bucketCount = 1
  var skippedRowsReport: String? { nil }
  init(path: String, mappingPath: String?, maxErrors: Int, files: PosixFileSystem) throws { throw StorageError.invalidSchema(reason: "x") }
  func makeSource(writer: Int, writerCount: Int) throws -> any BatchSource { throw StorageError.invalidSchema(reason: "x") }
}
