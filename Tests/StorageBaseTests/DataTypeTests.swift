import StorageBase
import Testing

struct DataTypeTests {
  static let plain: [DataType] = [
    .bool, .int8, .int16, .int32, .int64, .float, .double, .date, .datetime, .string,
  ]

  static let all: [DataType] =
    plain
    + (1...38).flatMap { precision in
      (0...precision).map { .decimal(precision: precision, scale: $0) }
    }

  @Test func namesRoundTrip() {
    for type in Self.all {
      #expect(DataType(type.description) == type)
      #expect(DataType(type.description.uppercased()) == type)
    }
    #expect(DataType("decimal(9)") == .decimal(precision: 9, scale: 0))
    #expect(DataType(" decimal( 9 , 2 ) ") == .decimal(precision: 9, scale: 2))
  }

  @Test(arguments: [
    "", "int", "int128", "decimal", "decimal(", "decimal()", "decimal(0)", "decimal(39)",
    "decimal(5,6)", "decimal(5,-1)", "decimal(5,2,1)", "decimal(5,)", "decimal(,2)", "decimal(a)",
    "decimal(5,2", "decimal(99999999999999999999)",
  ])
  func otherNamesAreRefused(name: String) { #expect(DataType(name) == nil) }

  /// The width of the representation holds every integer of the type, and no narrower one does.
  @Test func integersFitTheirRepresentation() throws {
    for type in Self.all {
      guard let range = type.integerRange else {
        #expect(!type.physical.isInteger)
        continue
      }
      #expect(type.physical.isInteger)
      let bits = Int128(type.physical.width * 8)
      if bits < 128 {
        let bound = Int128(1) << (bits - 1)
        #expect(range.lowerBound >= -bound && range.upperBound < bound, "\(type)")
      }
    }
    #expect(DataType.decimal(precision: 18, scale: 0).physical == .int64)
    #expect(DataType.decimal(precision: 19, scale: 0).physical == .int128)
  }

  @Test func powersOfTen() {
    for exponent in 0...38 {
      #expect(String(powerOfTen(exponent)) == "1" + String(repeating: "0", count: exponent))
    }
  }

  /// Raw values are in files: this list must never change, only grow.
  @Test func persistentNumbers() {
    let expected: [PhysicalType: UInt8] = [
      .int8: 1, .int16: 2, .int32: 3, .int64: 4, .int128: 5, .float32: 6, .float64: 7, .bytes: 8,
    ]
    #expect(expected.count == PhysicalType.allCases.count)
    for (type, number) in expected { #expect(type.rawValue == number) }
    #expect(KeysModel.duplicate.rawValue == 1)
    #expect(KeysModel.unique.rawValue == 2)
  }
}
