import InvertedIndex
import SegmentFormat
import StorageBase
import Testing

@testable import IngestDriver

struct InputMappingTests {
  @Test func readsEveryKey() throws {
    let mapping = try InputMapping(
      yaml: """
        format: csv
        delimiter: tab
        quote: none
        header: true
        trailing_delimiter: true
        "null": \\N
        columns:
          - {name: note, type: string, nullable: true}
          - {name: at, type: datetime, source: created, format: epoch_ms}
          - {name: amount, type: "decimal(12, 2)", source: 7}
        sort_key: [at, amount]
        hash_by: amount
        buckets: 16
        """, path: "m.yaml")
    let dialect = CSVDialect(
      delimiter: 9, quote: nil, hasHeader: true, hasTrailingDelimiter: true, nullToken: "\\N")
    let expected = try InputMapping(
      dialect: dialect,
      columns: [
        .init(name: "note", type: .string, isNullable: true),
        .init(name: "at", type: .datetime, source: .header("created"), format: .epochMilliseconds),
        .init(name: "amount", type: .decimal(precision: 12, scale: 2), source: .position(7)),
      ], sortKey: ["at", "amount"], hashBy: ["amount"], bucketCount: 16)
    #expect(mapping == expected)
    #expect(mapping.schema.columns.map(\.name) == ["at", "amount", "note"])
    #expect(mapping.schema.sortKeyCount == 2)
  }

  @Test func filtersAndIndexesAreRead() throws {
    let mapping = try InputMapping(
      yaml: """
        columns:
          - {name: id, type: int64, bloom_filter: true, index: true}
          - name: text
            type: string
            index: {parser: english, lower_case: false, support_phrase: "false", ignore_above: 9}
            ngram_filter: {size: 4, rate: 0.05}
          - {name: word, type: string, ngram_filter: 2, bloom_filter: 0.2}
          - {name: none, type: string, ngram_filter: false, index: false}
        sort_key: [word]
        """, path: "m.yaml")
    let ids = mapping.schema.columns.map(\.id)
    #expect(mapping.schema.columns.map(\.name) == ["word", "id", "text", "none"])
    let expected: [ColumnPruning] = [
      ColumnPruning(bloomFilterRate: 0.2, ngramFilter: .init(size: 2)),
      ColumnPruning(index: IndexOptions(), bloomFilterRate: 0.01),
      ColumnPruning(
        index: IndexOptions(
          parser: .english, lowerCase: false, supportPhrase: false, ignoreAbove: 9),
        ngramFilter: .init(size: 4, falsePositiveRate: 0.05)),
      ColumnPruning(),
    ]
    #expect(ids.map { mapping.pruning[$0] } == expected)
    #expect(
      expected[0].filters(of: ids[0]) == [
        ColumnFilter(column: ids[0], falsePositiveRate: 0.2),
        ColumnFilter(column: ids[0], content: .ngrams(size: 2)),
      ])
  }

  @Test func mistakesInFiltersAndIndexesAreReported() throws {
    let text = """
      columns:
        - {name: a, type: string, index: {parser: englsh}}
        - {name: b, type: string, index: {parzer: english}}
        - {name: c, type: string, bloom_filter: 2}
        - {name: d, type: string, ngram_filter: {rate: 0.1}}
        - {name: e, type: string, index: 7}
      """
    let found = try #require(
      message { _ = try InputMapping(yaml: text, path: "m.yaml") })
    for expected in [
      "line 2: index: ", "englsh", "line 3: index: ", "parzer",
      "line 4: a false-positive rate is \"2\"", "line 5: ngram_filter has no size",
      "line 6: index is \"7\"",
    ] {
      #expect(found.contains(expected), "\(expected) in \(found)")
    }
  }

  @Test func defaultsAreFilledIn() throws {
    let mapping = try InputMapping(
      yaml: "header: false\ncolumns: [{name: a, type: int8}, {name: b, type: string}]",
      path: "m.yaml")
    #expect(mapping.sortKey == ["a"])
    #expect(mapping.hashBy == ["a"])
    #expect(mapping.bucketCount == nil)
    #expect(mapping.columns.map(\.source) == [.position(1), .position(2)])
  }

  @Test func allMistakesAreReportedWithTheirLines() throws {
    let text = """
      format: parquet
      delimeter: ","
      header: perhaps
      columns:
        - {name: a, type: int46}
        - {name: a, type: int64}
        - {name: b, type: string, format: epoch_s}
        - {name: c, tpye: date}
        - {name: d, type: date, source: 0}
        - {type: date}
      sort_key: [aa, b, b]
      buckets: 0
      """
    let found = try #require(
      message { _ = try InputMapping(yaml: text, path: "m.yaml") })
    let expected = [
      "mapping m.yaml: ",
      "line 1: format \"parquet\" is not known; use csv",
      "line 2: unknown key delimeter; did you mean delimiter?",
      "line 3: header is \"perhaps\"; expected true or false",
      "line 5: column a: unknown type \"int46\"; did you mean int",
      "line 6: column a appears twice",
      "line 7: format \"epoch_s\" does not suit a string; use iso",
      "line 8: unknown key tpye; did you mean type?",
      "line 8: column c has no type",
      "line 9: source 0: positions are 1 to",
      "line 10: a column has no name",
      "line 11: sort_key: aa is not a column; did you mean a?",
      "line 11: sort_key: b appears twice",
      "line 12: buckets is \"0\"; expected 1 to 1024",
    ]
    for line in expected { #expect(found.contains(line), "\(line)\nis not in\n\(found)") }
  }

  @Test(arguments: [
    "", "[1, 2]", "columns: 5", "columns: []", "columns: [5]", "a: [", "columns:\n\t- x",
    "delimiter: ab\ncolumns: [{name: a, type: date}]", "header: true",
    "delimiter: '\"'\ncolumns: [{name: a, type: date}]", "format: csv\nformat: csv",
    "columns: [{name: a, type: date}]\nsort_key: []",
    "columns: [{name: a, type: date, source: x}]\nheader: false",
    "columns: [{name: a, type: date}, {name: b, type: date, source: a}]",
  ])
  func nonsenseIsRefused(text: String) {
    let found = message { _ = try InputMapping(yaml: text, path: "m.yaml") }
    #expect(found?.hasPrefix("mapping m.yaml: ") == true, "\(found ?? "taken")")
  }

  @Test func typesAreGuessed() throws {
    let text = """
      id,day,at,price,ratio,name,gap,void,big
      1,2026-01-01,2026-01-01 10:00:00,5,0.12345678,x,,,12345678901234567890
      -2,2026-01-02,2026-01-02,5.25,1e5,5,3,,1
      """
    let file = memoryFile(text)
    let mapping = try InputMapping.inferred(from: file)
    let expected: [(String, DataType, Bool)] = [
      ("id", .int64, false), ("day", .date, false), ("at", .datetime, false),
      ("price", .decimal(precision: 18, scale: 2), false), ("ratio", .double, false),
      ("name", .string, false), ("gap", .int64, true), ("void", .string, true),
      ("big", .double, false),
    ]
    #expect(mapping.columns.map(\.name) == expected.map(\.0))
    #expect(mapping.columns.map(\.type) == expected.map(\.1))
    #expect(mapping.columns.map(\.isNullable) == expected.map(\.2))
    #expect(mapping.sortKey == ["id"])
    let source = try FileSource(file: file, mapping: mapping)
    #expect(try allRows(source.makeReader()).count == 2)
    let bare = try InputMapping.inferred(
      from: memoryFile("7|a\n"), dialect: CSVDialect(delimiter: 0x7C, hasHeader: false))
    #expect(bare.columns.map(\.name) == ["column_1", "column_2"])
    #expect(message { _ = try InputMapping.inferred(from: memoryFile("")) } != nil)
  }
}
