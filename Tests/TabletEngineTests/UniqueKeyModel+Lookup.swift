import ScanKernels
import StorageBase
import Testing

@testable import TabletEngine

extension UniqueKeyModel {
  /// A key of those that loads have, or one that none has.
  private func randomKey(_ random: inout SeededGenerator) -> Row {
    let key = random.next() % 44
    guard shape.hasStringKey else { return [.integer(Int128(key))] }
    return [key % 7 == 0 ? .null : .string("k\(key % 7)"), .integer(Int128(key / 7))]
  }

  /// Looks up random keys, some more than once, and compares with the rows that are there.
  func expectLookups(
    in table: TableSnapshot, _ rows: [Row], _ place: String, _ random: inout SeededGenerator
  ) throws {
    let byKey = Dictionary(uniqueKeysWithValues: rows.map { (Array($0.prefix(keyCount)), $0) })
    let schema = table.definition.schema
    let counts: [Int] = [1, 20]
    for count in counts {
      let keys = (0..<count).map { _ in randomKey(&random) }
      let builders = schema.columns[..<keyCount].map { ColumnBuilder(type: $0.type) }
      for key in keys { for (builder, value) in zip(builders, key) { builder.append(value) } }
      let picked = schema.columns.indices.shuffled(using: &random).prefix(3)
      let names: [String]? =
        random.next() % 2 == 0 ? nil : picked.map { schema.columns[$0].name }
      let result = try table.lookup(builders.map { $0.finish() }, columns: names)
      let expected = keys.map { byKey[$0] }
      #expect(
        (0..<count).map { result.found[$0] } == expected.map { $0 != nil }, "\(shape), \(place)")
      let positions = names == nil ? Array(schema.columns.indices) : Array(picked)
      let found = (0..<result.rowCount).map { row in result.columns.map { $0[row] } }
      let there = expected.compactMap { row in row.map { row in positions.map { row[$0] } } }
      #expect(found == there, "\(shape), \(place)")
      for (key, row) in zip(keys, expected) {
        #expect(try table.row(forKey: key)?.values == row, "\(shape), \(place)")
      }
    }
  }
}
