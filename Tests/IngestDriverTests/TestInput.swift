import ScanKernels
import StorageBase
import StorageIO

@testable import IngestDriver

/// A file that cannot be mapped, so that it is read by chunks.
final class UnmappedFile: ReadableFile {
  private let file: MemoryFile

  init(_ file: MemoryFile) { self.file = file }

  var path: String { file.path }
  var byteCount: UInt64 { file.byteCount }
  var mapping: UnsafeRawBufferPointer? { nil }

  func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws {
    try file.read(at: offset, into: buffer)
  }
}

func memoryFile(_ text: String, path: String = "input.csv") -> MemoryFile {
  MemoryFile(path: path, bytes: Array(text.utf8))
}

/// All rows of all batches as values.
func allRows(_ source: any BatchSource, maxRows: Int = 1000) throws -> [[Value]] {
  var rows: [[Value]] = []
  while let batch = try source.nextBatch(maxRows: maxRows) {
    for row in 0..<batch.rowCount { rows.append(batch.columns.map { $0[row] }) }
  }
  return rows
}

/// A mapping of `types` to fields 1, 2, ... without a header.
func positionalMapping(
  _ types: [DataType], isNullable: Bool = false, dialect: CSVDialect = CSVDialect(hasHeader: false)
) throws -> InputMapping {
  try InputMapping(
    dialect: dialect,
    columns: types.enumerated().map { index, type in
      InputMapping.ColumnMapping(
        name: "c\(index + 1)", type: type, isNullable: isNullable, source: .position(index + 1))
    })
}

/// The error's text, of places in mappings the line alone, or nil when `body` throws nothing.
func message(of body: () throws -> Void) -> String? {
  do {
    try body()
    return nil
  } catch { return "\(error)".replacing(#/, column \d+: /#, with: ": ") }
}
