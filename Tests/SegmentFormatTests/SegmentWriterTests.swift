import ScanKernels
import SegmentFormat
import StorageBase
import Testing

/// What a writer refuses.
@Suite struct SegmentWriterTests {
  private func encode(_ column: ColumnVector, isNullable: Bool) throws {
    let schema = try Schema([("c", column.type, isNullable)], sortKeyCount: 1)
    let writer = try SegmentWriter(schema: schema, options: SegmentOptions(), sink: MemorySink())
    try writer.append(column)
    try writer.finishColumn()
  }

  @Test func unfitRowsAreRefused() throws {
    #expect(throws: StorageError.self) {
      try encode(vector(.int32, [.integer(1), .null]), isNullable: false)
    }
    #expect(throws: StorageError.self) { try encode(vector(.int32, []), isNullable: true) }
    let long = String(repeating: "x", count: Limits.stringByteCountMax + 1)
    #expect(throws: StorageError.self) {
      try encode(vector(.string, [.string(long)]), isNullable: true)
    }
  }

  @Test(arguments: [0, -1, Limits.pageRowCountMax + 1])
  func unfitOptionsAreRefused(rowsPerPage: Int) throws {
    let schema = try Schema([("c", .int32, false)], sortKeyCount: 1)
    #expect(throws: StorageError.self) {
      try SegmentWriter(
        schema: schema, options: SegmentOptions(rowsPerPage: rowsPerPage), sink: MemorySink())
    }
  }
}
