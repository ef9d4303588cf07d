import QueryEngine
import StorageBase
import Testing

/// Results as people and spreadsheets read them.
@Suite struct ResultTextTests {
  private let result = QueryResult(
    columns: [
      QueryResult.Column(name: "region", type: .string),
      QueryResult.Column(name: "sum(price)", type: .decimal(precision: 38, scale: 2)),
      QueryResult.Column(name: "day", type: .date),
    ],
    rows: [
      [.null, .integer(-5), .integer(0)],
      [.string(""), .integer(1234), .null],
      [.string("north, \"far\"\nend"), .null, .integer(20_000)],
    ])

  @Test func columnsOfTheTableLineUp() {
    let expected = #"""
      region             sum(price)  day
      -----------------  ----------  ----------
      NULL                    -0.05  1970-01-01
                              12.34  NULL
      north, "far"\nend        NULL  2024-10-04

      """#
    #expect(ResultTable(result).description == expected)
  }

  @Test func csvTellsNullFromTheEmptyString() {
    let expected = [
      "region,sum(price),day", ",-0.05,1970-01-01", "\"\",12.34,",
      "\"north, \"\"far\"\"\nend\",,2024-10-04", "",
    ]
    #expect(result.csv == expected.joined(separator: "\r\n"))
  }
}
