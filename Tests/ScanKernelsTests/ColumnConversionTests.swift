import ScanKernels
import StorageBase
import Testing

/// Columns of a wider type, and of one value, hold what a builder would put there.
@Suite struct ColumnConversionTests {
  private static let types: [DataType] = [
    .bool, .int8, .int16, .int32, .int64, .float, .double, .decimal(precision: 4, scale: 2),
    .decimal(precision: 18, scale: 2), .decimal(precision: 19, scale: 2),
    .decimal(precision: 38, scale: 2), .decimal(precision: 18, scale: 3),
    .decimal(precision: 38, scale: 3), .date, .datetime, .string,
  ]

  private static func values(_ type: DataType) -> [Value] {
    if type == .string { return [.string(""), .null, .string("a longer one")] }
    guard let range = type.integerRange else {
      return [0, -0.0, 1.5, .infinity, -.infinity, .nan, 0.25].map { .floating($0) } + [.null]
    }
    return [
      .integer(range.lowerBound), .null, .integer(0), .integer(range.upperBound), .integer(1),
    ]
  }

  private static func vector(_ values: [Value], _ type: DataType) -> ColumnVector {
    let builder = ColumnBuilder(type: type)
    for value in values { builder.append(value) }
    return builder.finish()
  }

  private func expectSame(_ found: ColumnVector, _ values: [Value], _ type: DataType) {
    #expect(found.type == type && found.count == values.count)
    for (row, value) in values.enumerated() {
      #expect(!found[row].precedes(value) && !value.precedes(found[row]), "\(type) row \(row)")
    }
  }

  @Test func everyWideningKeepsTheValues() {
    var pairs = 0
    for from in Self.types {
      for to in Self.types where from.widens(to: to) {
        pairs += 1
        #expect(from != to && !to.widens(to: from))
        let values = Self.values(from)
        #expect(values.allSatisfy(to.holds))
        for count in [0, 1, values.count, values.count * 50] {
          let rows = (0..<count).map { values[$0 % values.count] }
          expectSame(Self.vector(rows, from).converted(to: to), rows, to)
        }
      }
      #expect((from.widerTypes == nil) == !Self.types.contains { from.widens(to: $0) }, "\(from)")
    }
    #expect(pairs == 6 + 1 + 6 + 1)
  }

  @Test func offsetsAreWidenedInPlace() throws {
    let lanes = AlignedBuffer.of([0, 3, 255, 7] as [UInt8])
    let offsets = try #require(
      OffsetVector(lanes: lanes, laneWidth: .one, base: -300, factor: 2, laneMax: 255))
    let expected = [-300, -294, 210, -286].map { Value.integer($0) }
    for (from, to) in [
      (DataType.int16, DataType.int32), (.int32, .int64),
      (.decimal(precision: 10, scale: 1), .decimal(precision: 30, scale: 1)),
      (.decimal(precision: 10, scale: 1), .decimal(precision: 12, scale: 1)),
    ] {
      let narrow = ColumnVector(type: from, count: 4, body: .offsets(offsets))
      let wide = narrow.converted(to: to)
      expectSame(wide, expected, to)
      expectSame(wide.widened(), expected, to)
    }
  }

  @Test func constantsAreTheSameInEveryRow() {
    for type in Self.types {
      for value in Self.values(type) {
        for count in [0, 1, 63, 64, 65, 1000] {
          let rows = [Value](repeating: value, count: count)
          let constant = ColumnVector.constant(value, type: type, count: count)
          expectSame(constant, rows, type)
          #expect((constant.nulls?.setCount ?? 0) == (value.isNull ? count : 0))
        }
      }
    }
  }

  @Test func valuesBeyondATypeAreNotHeld() {
    #expect(!DataType.bool.holds(.integer(2)) && DataType.bool.holds(.integer(1)))
    #expect(!DataType.int8.holds(.integer(-129)) && !DataType.int8.holds(.floating(1)))
    #expect(!DataType.decimal(precision: 3, scale: 1).holds(.integer(1000)))
    #expect(!DataType.float.holds(.floating(0.1)) && DataType.float.holds(.floating(.nan)))
    #expect(!DataType.string.holds(.integer(1)) && !DataType.double.holds(.string("1")))
    #expect(DataType.date.holds(.null))
  }
}
