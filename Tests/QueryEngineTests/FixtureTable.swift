import Foundation
import ScanKernels
import SegmentFormat
import StorageBase
import StorageIO

/// A small table of TPC-H, or the one with nulls, read from CSV by nothing of the engine.
struct FixtureTable {
  let name: String
  let schema: Schema
  let rows: [[Value]]

  static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "Fixtures")

  /// Read once; tests share them.
  static let all: [String: FixtureTable] = {
    let tables = [
      make("lineitem", sortKeyCount: 1, lineitem), make("orders", sortKeyCount: 1, orders),
      make("part", sortKeyCount: 1, part), make("customer", sortKeyCount: 1, customer),
      make("partsupp", sortKeyCount: 2, partsupp), make("readings", sortKeyCount: 1, readings),
    ]
    return Dictionary(uniqueKeysWithValues: tables.map { ($0.name, $0) })
  }()

  private static let money = DataType.decimal(precision: 15, scale: 2)
  private static let lineitem: [(String, DataType)] = [
    ("l_orderkey", .int64), ("l_partkey", .int64), ("l_suppkey", .int64),
    ("l_linenumber", .int32), ("l_quantity", money), ("l_extendedprice", money),
    ("l_discount", money), ("l_tax", money), ("l_returnflag", .string),
    ("l_linestatus", .string), ("l_shipdate", .date), ("l_commitdate", .date),
    ("l_receiptdate", .date), ("l_shipinstruct", .string), ("l_shipmode", .string),
    ("l_comment", .string),
  ]
  private static let orders: [(String, DataType)] = [
    ("o_orderkey", .int64), ("o_custkey", .int64), ("o_orderstatus", .string),
    ("o_totalprice", money), ("o_orderdate", .date), ("o_orderpriority", .string),
    ("o_clerk", .string), ("o_shippriority", .int32), ("o_comment", .string),
  ]
  private static let part: [(String, DataType)] = [
    ("p_partkey", .int64), ("p_name", .string), ("p_mfgr", .string), ("p_brand", .string),
    ("p_type", .string), ("p_size", .int32), ("p_container", .string), ("p_retailprice", money),
    ("p_comment", .string),
  ]
  private static let customer: [(String, DataType)] = [
    ("c_custkey", .int64), ("c_name", .string), ("c_address", .string), ("c_nationkey", .int32),
    ("c_phone", .string), ("c_acctbal", money), ("c_mktsegment", .string),
    ("c_comment", .string),
  ]
  private static let partsupp: [(String, DataType)] = [
    ("ps_partkey", .int64), ("ps_suppkey", .int64), ("ps_availqty", .int32),
    ("ps_supplycost", money), ("ps_comment", .string),
  ]
  private static let readings: [(String, DataType)] = [
    ("id", .int64), ("station", .string), ("at", .datetime), ("quality", .int8),
    ("level", .decimal(precision: 9, scale: 2)), ("temperature", .double), ("is_valid", .bool),
  ]

  private static func make(
    _ name: String, sortKeyCount: Int, _ columns: [(String, DataType)]
  ) -> FixtureTable {
    let text = try! String(contentsOf: folder.appending(path: "\(name).csv"), encoding: .utf8)
    let records = CSVText.records(text)
    precondition(records[0] == columns.map(\.0))
    let rows = records.dropFirst().map { fields in
      zip(fields, columns).map { value($0, $1.1) }
    }
    let isNullable = name == "readings"
    let schema = try! Schema(
      columns.enumerated().map { index, column in
        (name: column.0, type: column.1, isNullable: isNullable && index > 0)
      }, sortKeyCount: sortKeyCount)
    return FixtureTable(name: name, schema: schema, rows: rows)
  }

  private static func value(_ text: String, _ type: DataType) -> Value {
    if text.isEmpty { return .null }
    switch type {
    case .string: return .string(text)
    case .double: return .floating(Double(text)!)
    case .bool: return .integer(text == "true" ? 1 : 0)
    case .decimal(_, let scale):
      let halves = text.split(separator: ".")
      let fraction = halves.count == 2 ? String(halves[1]) : ""
      let zeros = String(repeating: "0", count: scale - fraction.count)
      return .integer(Int128(String(halves[0]) + fraction + zeros)!)
    case .date: return .integer(Int128(NaiveDates.day(text)))
    case .datetime: return .integer(Int128(NaiveDates.microseconds(text)))
    default: return .integer(Int128(text)!)
    }
  }

  /// The rows as segments, cut into `count` runs of rows.
  func segments(_ count: Int, _ options: SegmentOptions) throws -> [SegmentReader] {
    try (0..<count).compactMap { part in
      let range = part * rows.count / count..<(part + 1) * rows.count / count
      if range.isEmpty { return nil }
      let sink = MemorySink()
      let writer = try SegmentWriter(schema: schema, options: options, sink: sink)
      for vector in batch(range).columns {
        try writer.append(vector)
        try writer.finishColumn()
      }
      _ = try writer.finish()
      return try SegmentReader(file: MemoryFile(path: "segment \(part)", bytes: sink.bytes))
    }
  }

  func batch(_ range: Range<Int>) -> ColumnBatch {
    let columns = schema.columns.indices.map { index in
      let builder = ColumnBuilder(type: schema.columns[index].type)
      for row in rows[range] { builder.append(row[index]) }
      return builder.finish()
    }
    return ColumnBatch(schema: schema, rowCount: range.count, columns: columns)
  }

  /// The same table with fewer rows.
  func prefix(_ count: Int) -> FixtureTable {
    FixtureTable(name: name, schema: schema, rows: Array(rows.prefix(count)))
  }
}

/// CSV with a comma, a quote that is doubled, and any line end.
enum CSVText {
  static func records(_ text: String) -> [[String]] {
    var (records, fields, field): ([[String]], [String], [UInt8]) = ([], [], [])
    var isQuoted = false
    func end() {
      fields.append(String(decoding: field, as: UTF8.self))
      field = []
    }
    for byte in text.utf8 {
      switch byte {
      case 0x22: isQuoted.toggle()
      case 0x2C where !isQuoted: end()
      case 0x0A where !isQuoted:
        end()
        records.append(fields)
        fields = []
      case 0x0D where !isQuoted: break
      default: field.append(byte)
      }
    }
    return records
  }
}

/// Dates counted by going through the years and months.
enum NaiveDates {
  static func isLeap(_ year: Int) -> Bool {
    year % 4 == 0 && year % 100 != 0 || year % 400 == 0
  }

  static func length(_ year: Int, _ month: Int) -> Int {
    month == 2 ? (isLeap(year) ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
  }

  static func day(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let years = (1970..<year).reduce(0) { $0 + (isLeap($1) ? 366 : 365) }
    return years + (1..<month).reduce(0) { $0 + length(year, $1) } + day - 1
  }

  static func day(_ text: String) -> Int {
    let parts = text.split(separator: "-").map { Int($0)! }
    return day(parts[0], parts[1], parts[2])
  }

  static func microseconds(_ text: String) -> Int {
    let halves = text.split(separator: " ")
    let clock = halves.count == 2 ? halves[1].split(separator: ":").map { Int($0)! } : [0, 0, 0]
    return (day(String(halves[0])) * 86_400 + clock[0] * 3600 + clock[1] * 60 + clock[2])
      * 1_000_000
  }

  /// - Precondition: the day is in 1970 or later.
  static func parts(_ day: Int) -> (year: Int, month: Int, day: Int) {
    var (year, month, rest) = (1970, 1, day)
    while rest >= (isLeap(year) ? 366 : 365) {
      rest -= isLeap(year) ? 366 : 365
      year += 1
    }
    while rest >= length(year, month) {
      rest -= length(year, month)
      month += 1
    }
    return (year, month, rest + 1)
  }
}
