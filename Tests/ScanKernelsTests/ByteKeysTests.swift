import StorageBase
import Testing

@testable import ScanKernels

/// Groups numbered by bytes, over pages that share dictionaries and frames of reference with those
/// before them or have their own: what is kept from page to page must never be taken for another's.
@Suite struct ByteKeysTests {
  private struct Key: Hashable {
    let name: String
    let number: Int64
  }

  private func names(_ random: inout SeededGenerator) -> StringTable {
    StringTable((0..<1 + Int(random.next() % 6)).map { "\(random.next() % 40 + UInt64($0) * 40)" })
  }

  private func strings(
    of dictionary: StringTable, count: Int, isNarrow: Bool, _ random: inout SeededGenerator
  ) -> ColumnVector {
    let codes = (0..<count).map { _ in UInt8(random.next() % UInt64(dictionary.count)) }
    return ColumnVector(
      type: .string, count: count,
      body: isNarrow
        ? .byteCoded(codes: .of(codes), dictionary: dictionary)
        : .coded(codes: .of(codes.map { UInt32($0) }), dictionary: dictionary))
  }

  private func numbers(count: Int, _ random: inout SeededGenerator) throws -> ColumnVector {
    let laneMax = UInt32(1 + random.next() % 7)
    let lanes = (0..<count).map { _ in UInt8(random.next() % UInt64(laneMax + 1)) }
    let offsets = OffsetVector(
      lanes: .of(lanes), laneWidth: .one, base: Int64(random.next() % 3),
      factor: Int64(1 + random.next() % 2), laneMax: laneMax)
    return ColumnVector(type: .int32, count: count, body: .offsets(try #require(offsets)))
  }

  @Test func pagesThatShareKeysAndPagesThatDoNotAddUp() throws {
    let schema = try Schema([("name", .string, false), ("number", .int32, false)], sortKeyCount: 1)
    let aggregates = try [Aggregate.countAll, .sum("number")].map { try $0.bound(to: schema) }
    for seed in 0..<200 as Range<UInt64> {
      var random = SeededGenerator(seed: seed)
      let aggregation = Aggregation(
        schema: schema, groupBy: [0, 1], aggregates: aggregates, keyRanges: [nil, 0...20])
      var expected: [Key: Int64] = [:]
      var dictionary = names(&random)
      var second = try numbers(count: 300, &random)
      for _ in 0..<12 {
        if random.next() % 2 == 0 { dictionary = names(&random) }
        let isNarrow = random.next() % 4 > 0
        let first = strings(of: dictionary, count: 300, isNarrow: isNarrow, &random)
        if random.next() % 2 == 0 { second = try numbers(count: 300, &random) }
        let selection = Bitmap(count: 300)
        for row in 0..<300 where random.next() % 3 > 0 { selection.set(row) }
        selection.forEachSet { row in
          guard case .string(let name) = first[row], case .integer(let number) = second[row] else {
            return
          }
          expected[Key(name: name, number: Int64(number)), default: 0] += 1
        }
        try aggregation.add(rowCount: 300, selection: selection) { [first, second][$0] }
      }
      let rows = try aggregation.rows()
      #expect(rows.count == expected.count, "seed \(seed)")
      for row in rows {
        guard case .string(let name) = row[0], case .integer(let number) = row[1] else {
          Issue.record("seed \(seed): a key of another type")
          continue
        }
        let count = Int128(expected[Key(name: name, number: Int64(number))] ?? 0)
        #expect(row[2] == .integer(count) && row[3] == .integer(count * number), "seed \(seed)")
      }
    }
  }
}
