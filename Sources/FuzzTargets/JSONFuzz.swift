import IngestDriver
import ScanKernels
import StorageBase
import StorageIO

/// Rows of JSON, from a file and as bytes in memory.
enum JSONFuzz {
  private static let byteCountMax = 1 << 18

  /// The first byte chooses whether there is an array around the rows, whether rows name their own
  /// columns, and the size of chunks.
  static func run(_ input: [UInt8]) throws {
    guard let choice = input.first, input.count <= byteCountMax else { return }
    let bytes = Array(input.dropFirst())
    let dialect = JSONDialect(
      hasOuterArray: choice & 1 != 0, namesOwnColumns: choice & 2 != 0)
    let file = MemoryFile(path: "fuzz.json", bytes: bytes)
    let chunkByteCount = choice & 4 == 0 ? 1 << 20 : 64
    // Both are tried, whatever becomes of the other.
    var firstError: (any Error)?
    for makeMapping in [
      { try InputMapping.inferred(from: file, json: dialect) }, { try mapping(dialect) },
    ] {
      do {
        let mapping = try makeMapping()
        let count = try readFile(file, mapping, chunkByteCount)
        try decode(bytes, mapping, expectedCount: count)
      } catch {
        firstError = firstError ?? error
      }
    }
    if let firstError { throw firstError }
  }

  private static func mapping(_ dialect: JSONDialect) throws -> InputMapping {
    let types: [DataType] = [
      .bool, .int8, .int16, .int32, .int64, .float, .double, .decimal(precision: 15, scale: 2),
      .decimal(precision: 38, scale: 10), .date, .datetime, .string,
    ]
    let places = ["$", "$.a", "$.b.c", "$.b", "$.d[0]", "$.d[2].e", "$['f g']"]
    var columns = [InputMapping.ColumnMapping(name: "id", type: .int64, isNullable: true)]
    for (index, place) in places.enumerated() {
      columns.append(
        .init(
          name: "p\(index)", type: .string, isNullable: true,
          source: .path(try JSONPath(parsing: place))))
    }
    for (index, type) in types.enumerated() {
      columns.append(.init(name: "t\(index)", type: type, isNullable: true))
    }
    return try InputMapping(json: dialect, columns: columns)
  }

  /// - Returns: rows taken.
  private static func readFile(
    _ file: MemoryFile, _ mapping: InputMapping, _ chunkByteCount: Int
  ) throws -> Int {
    let source = try FileSource(
      file: file, mapping: mapping, maxErrors: .max, chunkByteCount: chunkByteCount)
    let reader = source.makeReader()
    var count = 0
    while let rows = try reader.nextRows(maxRows: 100) {
      count += rows.batch.rowCount
      for vector in rows.batch.columns {
        for row in 0..<rows.batch.rowCount { _ = vector.type.format(vector[row]) }
      }
    }
    for problem in source.rejectedRows { precondition(!problem.error.description.isEmpty) }
    return count
  }

  private static func decode(
    _ bytes: [UInt8], _ mapping: InputMapping, expectedCount: Int
  ) throws {
    // A file's mark is no part of its rows.
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let text = bytes.starts(with: mark) ? Array(bytes.dropFirst(3)) : bytes
    let decoded = try text.withUnsafeBytes {
      try RowDecoder(mapping, path: "fuzz").decode($0)
    }
    precondition(decoded.rows?.batch.rowCount ?? 0 == expectedCount, "other rows than in a file")
    for row in decoded.rejected { precondition(row.bytes.upperBound <= text.count + 1) }
  }

  static let seeds = [
    """
     {"id":1,"a":"x","b":{"c":[1,2]},"d":[true,null,{"e":"\\ud83d\\ude00"}],"f g":-1.5e3}
    {}

    """,
    "#[{\"id\":1},\n {\"id\":2, \"t1\": 5}]",
    """
    $ {"t9":"2026-01-31","t10":"2026-01-31T10:00:00Z","t6":1e300,"t0":true}

    {"t8":"1.5"
    """,
    "\"{\"id\":1,\"id\":null,\"t11\":\"\\u0000\\n\\\"\"} x\n{\"id\":\"7\"}\n",
  ]
}
