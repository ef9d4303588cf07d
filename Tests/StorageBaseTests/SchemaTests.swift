import StorageBase
import Testing

struct SchemaTests {
  private func column(_ id: UInt32, _ name: String) -> Column {
    Column(id: ColumnID(rawValue: id), name: name, type: .int64)
  }

  private func reason(_ columns: [Column], sortKeyCount: Int) -> String? {
    do {
      _ = try Schema(columns: columns, sortKeyCount: sortKeyCount)
      return nil
    } catch StorageError.invalidSchema(let reason) {
      return reason
    } catch {
      return "another error: \(error)"
    }
  }

  @Test func validSchemas() throws {
    let schema = try Schema(
      [("k", .int64, false), ("v", .string, true)], sortKeyCount: 1)
    #expect(schema.columns.map(\.id.rawValue) == [1, 2])
    #expect(schema.index(of: "v") == 1)
    #expect(schema.index(of: "V") == nil)
    #expect(schema.index(of: ColumnID(rawValue: 2)) == 1)
    #expect(schema.index(of: ColumnID(rawValue: 3)) == nil)
    #expect(try schema.requireIndex(of: "k") == 0)
    #expect(reason([column(1, "a"), column(2, "b")], sortKeyCount: 2) == nil)
    let most = (1...UInt32(Limits.columnCountMax)).map { column($0, "c\($0)") }
    #expect(reason(most, sortKeyCount: 1) == nil)
    #expect(reason([column(1, String(repeating: "x", count: 256))], sortKeyCount: 1) == nil)
  }

  @Test func invalidSchemasSayWhy() {
    let many = (1...UInt32(Limits.columnCountMax + 1)).map { column($0, "c\($0)") }
    for (columns, sortKeyCount, part) in [
      ([], 1, "no columns"),
      (many, 1, "4097 columns, the limit is 4096"),
      ([column(1, "a")], 0, "sort key has 0"),
      ([column(1, "a")], 2, "sort key has 2"),
      ([column(1, "a")], -1, "sort key has -1"),
      ([column(1, "")], 1, "empty name"),
      ([column(1, "a"), column(2, "a")], 1, "a appears twice"),
      ([column(1, "a"), column(1, "b")], 1, "id 1 appears twice"),
      ([column(1, String(repeating: "é", count: 129))], 1, "longer than 256 bytes"),
    ] as [([Column], Int, String)] {
      #expect(reason(columns, sortKeyCount: sortKeyCount)?.contains(part) == true, "\(part)")
    }
  }

  @Test func unknownColumnNamesTheNearest() throws {
    let schema = try Schema([("price", .double, false), ("ts", .date, false)], sortKeyCount: 1)
    let error = #expect(throws: StorageError.self) { _ = try schema.requireIndex(of: "prize") }
    #expect(
      error?.description == "unknown column \"prize\": did you mean price? Known: price, ts")
  }
}
