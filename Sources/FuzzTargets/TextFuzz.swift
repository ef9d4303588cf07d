import IngestDriver
import ScanKernels
import StorageBase
import StorageIO

/// Text that people write: mappings and rows.
enum TextFuzz {
  private static let byteCountMax = 1 << 18

  static func runMapping(_ input: [UInt8]) throws {
    guard input.count <= byteCountMax else { return }
    let mapping = try InputMapping(yaml: String(decoding: input, as: UTF8.self), path: "m.yaml")
    precondition(!mapping.schema.columns.isEmpty, "a mapping without columns")
  }

  /// The first byte chooses the dialect and the size of chunks; rows should have three fields.
  static func runCSV(_ input: [UInt8]) throws {
    guard let choice = input.first, input.count <= byteCountMax else { return }
    let dialect = CSVDialect(
      delimiter: choice & 1 == 0 ? 0x2C : 0x7C, quote: choice & 2 == 0 ? 0x22 : nil,
      hasHeader: choice & 4 != 0, hasTrailingDelimiter: choice & 8 != 0,
      nullToken: choice & 16 == 0 ? "" : "NULL")
    let file = MemoryFile(path: "fuzz.csv", bytes: Array(input.dropFirst()))
    let chunkByteCount = choice & 32 == 0 ? 1 << 20 : 64
    // Each way is tried, whatever becomes of the others.
    var firstError: (any Error)?
    for types in [nil] + typesOfThreeFields {
      do {
        let mapping =
          try types.map { try Self.mapping(dialect, types: $0) }
          ?? InputMapping.inferred(from: file, dialect: dialect)
        try readAll(file, mapping, chunkByteCount)
      } catch {
        firstError = firstError ?? error
      }
    }
    if let firstError { throw firstError }
  }

  private static let typesOfThreeFields: [[DataType]?] = [
    [.bool, .int8, .int16], [.int32, .int64, .float],
    [.double, .decimal(precision: 15, scale: 2), .decimal(precision: 38, scale: 10)],
    [.date, .datetime, .string],
  ]

  private static func mapping(_ dialect: CSVDialect, types: [DataType]) throws -> InputMapping {
    try InputMapping(
      dialect: dialect,
      columns: types.enumerated().map { index, type in
        InputMapping.ColumnMapping(
          name: "c\(index)", type: type, isNullable: true, source: .position(index + 1))
      })
  }

  private static func readAll(
    _ file: MemoryFile, _ mapping: InputMapping, _ chunkByteCount: Int
  ) throws {
    let source = try FileSource(
      file: file, mapping: mapping, maxErrors: .max, chunkByteCount: chunkByteCount)
    let reader = source.makeReader()
    while let batch = try reader.nextBatch(maxRows: 100) {
      for vector in batch.columns {
        for row in 0..<batch.rowCount { _ = vector.type.format(vector[row]) }
      }
    }
    for problem in source.rejectedRows { precondition(!problem.error.description.isEmpty) }
  }
}
