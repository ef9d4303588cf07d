import StorageBase
import Testing

@testable import ScanKernels

/// Narrow vectors say what the wide ones say: whatever is computed of a page must not depend on the
/// form it was read in.
@Suite struct OffsetVectorTests {
  private let types: [DataType] = [
    .int16, .int32, .int64, .date, .datetime, .decimal(precision: 15, scale: 2),
  ]

  private func sample(
    _ type: DataType, count: Int, _ random: inout SeededGenerator
  ) throws -> ColumnVector {
    let bits = Int(
      random.next() % (type.physical == .int16 ? 9 : type.physical == .int32 ? 17 : 31))
    let laneMax = UInt32((UInt64(1) << UInt64(bits)) - 1)
    let lanes = (0..<count).map { _ in UInt32(truncatingIfNeeded: random.next()) & laneMax }
    let width = try #require(OffsetVector.LaneWidth(bits: bits))
    let buffer: AlignedBuffer =
      switch width {
      case .one: .of(lanes.map { UInt8($0) })
      case .two: .of(lanes.map { UInt16($0) })
      case .four: .of(lanes)
      }
    let factor: Int64 = type.physical == .int64 ? [1, 1, 100][Int(random.next() % 3)] : 1
    let base: Int64 =
      type.physical == .int16 ? Int64(random.next() % 100) - 50 : Int64(random.next() % 9999) - 5000
    let offsets = try #require(
      OffsetVector(lanes: buffer, laneWidth: width, base: base, factor: factor, laneMax: laneMax))
    return ColumnVector(type: type, count: count, body: .offsets(offsets))
  }

  /// Strings of few kinds with codes of one byte; some of them null.
  private func sampleStrings(count: Int, _ random: inout SeededGenerator) -> ColumnVector {
    let kinds = 1 + Int(random.next() % 12)
    let codes = (0..<count).map { _ in UInt8(random.next() % UInt64(kinds)) }
    let nulls = random.next() % 2 == 0 ? nil : random.sampleBitmap(count: count)
    return ColumnVector(
      type: .string, count: count,
      body: .byteCoded(
        codes: .of(codes), dictionary: StringTable((0..<kinds).map { "kind \($0 * 7 % 13)" })),
      nulls: nulls)
  }

  private func values(_ vector: ColumnVector) -> [Value] { (0..<vector.count).map { vector[$0] } }

  @Test func widenedAndGatheredVectorsHaveTheSameValues() throws {
    var random = SeededGenerator(seed: 50)
    for count in sampleLengths.dropFirst() {
      var vectors = [sampleStrings(count: count, &random)]
      for type in types { vectors.append(try sample(type, count: count, &random)) }
      for vector in vectors {
        #expect(values(vector.widened()) == values(vector))
        let rows = (0..<count / 2).map { _ in UInt32(random.next() % UInt64(count)) }
        #expect(values(vector.gather(rows)) == rows.map { vector[Int($0)] })
        let builder = ColumnBuilder(type: vector.type)
        builder.append(vector, rows: 0..<count)
        #expect(values(builder.finish()) == values(vector))
      }
    }
  }

  @Test func valuesThatDoNotFitAreRefused() {
    let lanes = AlignedBuffer.of([UInt8(1)])
    func make(_ base: Int64, _ factor: Int64, _ laneMax: UInt32) -> OffsetVector? {
      OffsetVector(lanes: lanes, laneWidth: .one, base: base, factor: factor, laneMax: laneMax)
    }
    #expect(make(.max - 255, 1, 255) != nil)
    #expect(make(.max - 254, 1, 255) == nil)
    #expect(make(.min, .max, 1)?.range == Int64.min...(-1))
    #expect(make(.min, .max, 2) == nil)
  }

  @Test func lanesOfARangeAreThoseWithValuesInIt() throws {
    var random = SeededGenerator(seed: 51)
    for _ in 0..<400 {
      let lanes = AlignedBuffer.of(Array(UInt8.min...UInt8.max))
      let offsets = try #require(
        OffsetVector(
          lanes: lanes, laneWidth: .one, base: Int64(random.next() % 400) - 200,
          factor: [1, 3, 100][Int(random.next() % 3)], laneMax: 255))
      let ends = (0..<2).map { _ in Int128(random.next() % 30_000) - 1000 }.sorted()
      let range = ends[0]...ends[1]
      let inside = (0...255).filter { range.contains(Int128(offsets[$0])) }
      let found = offsets.lanes(in: range)
      #expect(found.map { Array($0).map { Int($0) } } ?? [] == inside)
    }
  }

  /// Filters, sums, groups and computed values over random pages.
  @Test func narrowAndWidePagesGiveTheSameAnswers() throws {
    for seed in 0..<200 as Range<UInt64> {
      var random = SeededGenerator(seed: seed)
      let schema = try Schema(
        [
          (name: "s", type: .string, isNullable: true),
          (name: "t", type: .string, isNullable: true),
          (name: "i", type: .int32, isNullable: true),
          (name: "d", type: types[5], isNullable: true),
          (name: "e", type: types[5], isNullable: true),
          (name: "n", type: .int16, isNullable: true),
        ], sortKeyCount: 1)
      let aggregates: [Aggregate] = [
        .countAll, .count("s"), .sum("i"), .sum("d"), .average("n"), .min("d"), .max("s"),
        .sum(of: .column("d") * (1 - .column("e"))), .sum(of: .column("i") * .column("n") + 5),
        .sum(of: .column("d") * (1 - .column("e")) * (2 + .column("e"))),
        .sum(of: .column("i") * .column("n") * .column("d")), .min(of: 7 - .column("n")),
      ]
      let bound = try aggregates.map { try $0.bound(to: schema) }
      let keys = [[], [0], [0, 1], [5], [0, 5], [2], [3]][Int(random.next() % 7)]
      let filter = try randomFilter(&random).bound(to: schema)
      var evaluators = (PredicateEvaluator(filter), PredicateEvaluator(filter))
      let totals = (0..<2).map { _ in
        Aggregation(schema: schema, groupBy: keys, aggregates: bound)
      }
      for _ in 0..<4 {
        let count = 1 + Int(random.next() % 900)
        var page = [sampleStrings(count: count, &random), sampleStrings(count: count, &random)]
        for column in schema.columns[2...] {
          page.append(try sample(column.type, count: count, &random))
        }
        let wide = page.map { $0.widened() }
        let selection = evaluators.0.evaluate(rowCount: count) { page[$0] }
        #expect(selection.rowIDs() == evaluators.1.evaluate(rowCount: count) { wide[$0] }.rowIDs())
        let chosen = random.next() % 3 == 0 ? nil : selection
        try totals[0].add(rowCount: count, selection: chosen) { page[$0] }
        try totals[1].add(rowCount: count, selection: chosen) { wide[$0] }
      }
      #expect(try totals[0].rows() == totals[1].rows(), "seed \(seed), keys \(keys), \(filter)")
    }
  }

  private func randomFilter(_ random: inout SeededGenerator) -> Predicate {
    switch random.next() % 6 {
    case 0: Field("i") >= 0
    case 1: Field("d").isBetween(-3, 40) && Field("n") < 20
    case 2: Field("s") == "kind 7" || Field("e") > 5
    case 3: .isOneOf("n", [1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21])
    case 4: !(Field("t") < "kind 3") && Field("i") != 4
    default: Field("d") == 1.5 || Field("n") == 3
    }
  }
}
