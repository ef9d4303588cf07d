import ScanKernels
import StorageBase
import StreamTransforms

/// A row of the streams that windows are tested with.
struct SampleRow: Hashable {
  var key: String?
  var group: Int64
  /// Microseconds; nil for null.
  var time: Int64?
  var amount: Int64?
  /// A multiple of 1/8 that is small, so that sums of doubles are exact in any order.
  var ratio: Double?
  var price: Int64?
  var name: String?

  static let schema = makeSchema(
    [
      ("key", .string, true), ("group", .int32, false), ("time", .datetime, true),
      ("amount", .int64, true), ("ratio", .double, true),
      ("price", .decimal(precision: 10, scale: 2), true), ("name", .string, true),
    ])

  /// The value of a column of the schema.
  func value(_ column: String) -> Value {
    switch column {
    case "key": key.map { .string($0) } ?? .null
    case "group": .integer(Int128(group))
    case "time": time.map { .integer(Int128($0)) } ?? .null
    case "amount": amount.map { .integer(Int128($0)) } ?? .null
    case "ratio": ratio.map { .floating($0) } ?? .null
    case "price": price.map { .integer(Int128($0)) } ?? .null
    default: name.map { .string($0) } ?? .null
    }
  }

  /// Event times wander around `base`, so that some rows come late.
  static func random(
    around base: Int64, spread: Int64, using generator: inout SeededGenerator
  ) -> SampleRow {
    func maybe<T>(_ value: T, _ generator: inout SeededGenerator) -> T? {
      Int.random(in: 0..<6, using: &generator) == 0 ? nil : value
    }
    let keys = ["a", "b", "", "long key of more than eight bytes"]
    let key = keys[Int.random(in: 0..<keys.count, using: &generator)]
    let name = "n\(Int.random(in: 0..<5, using: &generator))"
    return SampleRow(
      key: maybe(key, &generator), group: Int64.random(in: 0..<2, using: &generator),
      time: base + Int64.random(in: -spread...spread, using: &generator),
      amount: maybe(Int64.random(in: -9...9, using: &generator), &generator),
      ratio: maybe(Double(Int.random(in: -40...40, using: &generator)) / 8, &generator),
      price: maybe(Int64.random(in: 0...9999, using: &generator), &generator),
      name: maybe(name, &generator))
  }

  static func batch(_ rows: [SampleRow], partition: String, from offset: Int64) -> StreamBatch {
    let columns = schema.columns.map { column in
      let builder = ColumnBuilder(type: column.type)
      for row in rows { builder.append(row.value(column.name)) }
      return builder.finish()
    }
    return StreamBatch(
      rows: ColumnBatch(schema: schema, rowCount: rows.count, columns: columns),
      partition: partition, offsets: .consecutive(from: offset))
  }
}

/// A schema whose first column is the sort key.
func makeSchema(_ columns: [(String, DataType, Bool)]) -> Schema {
  do {
    return try Schema(
      columns.map { (name: $0.0, type: $0.1, isNullable: $0.2) }, sortKeyCount: 1)
  } catch { preconditionFailure("\(error)") }
}

extension ColumnBatch {
  /// Every row as its values.
  var allRows: [[Value]] { (0..<rowCount).map { row in columns.map { $0[row] } } }
}
