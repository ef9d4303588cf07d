import ScanKernels
import StorageBase
import Testing

@testable import TabletEngine

/// Sorting by prefixes gives the order of a stable sort that compares the values.
@Suite struct RowSorterTests {
  private static let keys: [[(DataType, Bool)]] = [
    [(.int64, false)], [(.int8, false), (.int64, false)], [(.int32, true), (.int16, false)],
    [(.string, false)], [(.string, true), (.int64, false)], [(.double, false), (.string, false)],
    [(.decimal(precision: 30, scale: 2), false), (.int32, false)],
    [(.bool, false), (.date, true), (.string, false), (.int64, false)],
  ]

  private func value(_ type: DataType, spread: Int, _ random: inout SeededGenerator) -> Value {
    let number = Int.random(in: -spread...spread, using: &random)
    switch type {
    case .string:
      let text = String(repeating: "prefix, equal in many rows ", count: abs(number) % 2)
      return .string(text + String(number))
    case .double:
      return .floating([Double(number), -0.0, 0, .nan, -.infinity][abs(number) % 9 % 5])
    case .bool: return .integer(Int128(abs(number) % 2))
    case .int8: return .integer(Int128(number % 127))
    case .int64: return .integer(Int128(Int64(truncatingIfNeeded: number &* 0x1234_5678_9ABC)))
    case .decimal: return .integer(Int128(number) << 70 + Int128(number % 3))
    default: return .integer(Int128(number % 30_000))
    }
  }

  private func gather(_ batch: ColumnBatch, _ rows: [UInt32]) -> ColumnBatch {
    ColumnBatch(
      schema: batch.schema, rowCount: rows.count, columns: batch.columns.map { $0.gather(rows) })
  }

  @Test(arguments: 0..<8, [1, 30, 20_000])
  func orderIsThatOfComparingValues(keyIndex: Int, spread: Int) throws {
    var random = SeededGenerator(seed: UInt64(keyIndex * 100 + spread))
    let key = Self.keys[keyIndex]
    let schema = try Schema(
      key.enumerated().map { ("k\($0)", $1.0, $1.1) }, sortKeyCount: key.count)
    for rowCount in [0, 1, 2, 50, 127, 128, 129, 700, 3000] {
      let columns = key.map { type, isNullable in
        let builder = ColumnBuilder(type: type)
        for _ in 0..<rowCount {
          let isNull = isNullable && Int.random(in: 0..<5, using: &random) == 0
          builder.append(isNull ? .null : value(type, spread: spread, &random))
        }
        return builder.finish()
      }
      let batch = ColumnBatch(schema: schema, rowCount: rowCount, columns: columns)
      let rows = (0..<UInt32(rowCount)).filter { _ in Int.random(in: 0..<8, using: &random) > 0 }
      let sorter = RowSorter(batch)
      let sorted = sorter.sorted(rows)
      let expected = rows.sorted { a, b in
        for column in columns {
          let order = KeyOrder.compare(column, Int(a), column, Int(b))
          if order != 0 { return order < 0 }
        }
        return a < b
      }
      #expect(sorted == expected, "\(rowCount) rows")
      // The rows of a table that is in order already, and almost.
      let inOrder = gather(batch, expected)
      let all = Array(0..<UInt32(expected.count))
      #expect(RowSorter(inOrder).sorted(all) == all)
      if all.count > 1 {
        let rotated = gather(batch, Array(expected[1...]) + [expected[0]])
        let again = RowSorter(rotated).sorted(all)
        for (a, b) in zip(gather(rotated, again).columns, inOrder.columns) {
          #expect((0..<a.count).allSatisfy { KeyOrder.compare(a, $0, b, $0) == 0 })
        }
      }
    }
  }
}
