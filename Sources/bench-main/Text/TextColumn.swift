import IngestDriver
import ScanKernels
import StorageBase
import StorageIO

/// One column of a CSV file in memory, in vectors of a page.
struct TextColumn: Sendable {
  let vectors: [ColumnVector]
  let rowCount: Int
  /// Of the texts alone.
  let byteCount: Int

  private static let rowsPerVector = 8192

  /// - Throws: `StorageError` for a file without such a column.
  init(_ name: String, ofFile path: String) throws {
    let file = try PosixFileSystem().openForReading(path, cause: .tool)
    let mapping = try InputMapping(
      columns: [InputMapping.ColumnMapping(name: name, type: .string, isNullable: true)])
    let source = try FileSource(file: file, mapping: mapping, maxErrors: 0)
      .makeSource(writer: 0, writerCount: 1)
    var vectors: [ColumnVector] = []
    while let batch = try source.nextBatch(maxRows: Self.rowsPerVector) {
      vectors.append(batch.columns[0])
    }
    self.vectors = vectors
    rowCount = vectors.reduce(0) { $0 + $1.count }
    byteCount = vectors.reduce(0) { total, vector in
      guard case .strings(let texts) = vector.body else { return total }
      return total + Int(texts.offsets.values(as: UInt32.self)[texts.count])
    }
  }

  /// The vectors of each segment, of about `rowCount` rows.
  func segments(ofRows rowCount: Int) -> [ArraySlice<ColumnVector>] {
    let size = max(1, rowCount / Self.rowsPerVector)
    return stride(from: 0, to: vectors.count, by: size).map {
      vectors[$0..<min(vectors.count, $0 + size)]
    }
  }
}
