import ScanKernels
import StorageBase
import Testing

@testable import SegmentFormat

/// Keys of whole vectors are those of their values one by one.
@Suite struct SortKeyEncoderTests {
  private func column(_ type: DataType, _ isNullable: Bool, _ id: Int = 1) -> Column {
    Column(id: ColumnID(rawValue: UInt32(id)), name: "c\(id)", type: type, isNullable: isNullable)
  }

  private func keys(_ table: StringTable) -> [[UInt8]] {
    (0..<table.count).map { Array(table[$0]) }
  }

  private func expected(_ columns: [Column], _ values: [[Value]]) -> [[UInt8]] {
    values[0].indices.map { row in
      var bytes: [UInt8] = []
      for (column, values) in zip(columns, values) {
        SortKeyBytes.append(values[row], of: column, to: &bytes)
      }
      return bytes
    }
  }

  @Test(arguments: allTypes) func oneColumn(type: DataType) throws {
    var generator = SeededGenerator(seed: 201)
    for shape in Shape.allCases {
      for (isNullable, hasNulls) in [(false, false), (true, false), (true, true)] {
        for count in [0, 1, 63, 130] {
          let values = sampleValues(
            type, shape, count: count, nullable: hasNulls, &generator)
          let column = column(type, isNullable)
          let found = try SortKeyBytes.encode([vector(type, values)], [column])
          #expect(keys(found) == expected([column], [values]))
        }
      }
    }
  }

  @Test func manyColumnsAndSequences() throws {
    var generator = SeededGenerator(seed: 202)
    for _ in 0..<150 {
      let columns = (0...Int(generator.next() % 5)).map { index in
        column(
          allTypes[Int(generator.next() % UInt64(allTypes.count))], generator.next() % 2 == 0, index
        )
      }
      let count = Int(generator.next() % 90)
      let values = columns.map {
        sampleValues(
          $0.type, Shape.allCases[Int(generator.next() % 9)], count: count,
          nullable: $0.isNullable, &generator)
      }
      let vectors = zip(columns, values).map { vector($0.type, $1) }
      let plain = expected(columns, values)
      #expect(keys(try SortKeyBytes.encode(vectors, columns)) == plain)
      let sequences = (0..<count).map { _ in generator.next() }
      let both = try SortKeyBytes.encode(vectors, columns, sequences: .of(sequences))
      let ends = sequences.map { number in
        (0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * UInt64($0))) }
      }
      #expect(keys(both) == zip(plain, ends).map { $0 + $1 })
    }
  }

  /// Pages come as codes into dictionaries, and bytes need not be text.
  @Test func stringsOfAnyBytesInAnyForm() throws {
    var generator = SeededGenerator(seed: 203)
    for palette: [UInt8] in [[0, 1, 0xFF], [0x61, 0xFF], [0]] {
      let strings = (0..<60).map { _ in
        (0..<generator.next() % 6).map { _ in
          palette[Int(generator.next() % UInt64(palette.count))]
        }
      }
      var ends: [UInt32] = [0]
      for string in strings { ends.append(ends[ends.count - 1] + UInt32(string.count)) }
      let table = StringTable(
        count: strings.count, offsets: .of(ends), bytes: .of(strings.flatMap { $0 }))
      let codes = (0..<200).map { _ in UInt32(generator.next() % 60) }
      let column = column(.string, false)
      func escaped(_ string: [UInt8]) -> [UInt8] {
        string.flatMap { $0 == 0 ? [0, 0xFF] : [$0] } + [0, 0]
      }
      let whole = ColumnVector(type: .string, count: strings.count, body: .strings(table))
      #expect(keys(try SortKeyBytes.encode([whole], [column])) == strings.map(escaped))
      let coded = codes.map { escaped(strings[Int($0)]) }
      for body in [
        ColumnVector.Body.coded(codes: .of(codes), dictionary: table),
        .byteCoded(codes: .of(codes.map { UInt8($0) }), dictionary: table),
      ] {
        let vector = ColumnVector(type: .string, count: codes.count, body: body)
        #expect(keys(try SortKeyBytes.encode([vector], [column])) == coded)
      }
    }
  }

  @Test(arguments: allTypes.filter { SequenceCodes.canEncode($0) })
  func sequenceCodesOrderLikeValues(type: DataType) {
    var generator = SeededGenerator(seed: 204)
    let values = Shape.allCases.flatMap {
      sampleValues(type, $0, count: 20, nullable: true, &generator)
    }
    let buffer = SequenceCodes.codes(of: vector(type, values))
    let codes = withExtendedLifetime(buffer) { Array(buffer.values(as: UInt64.self)) }
    for a in values.indices {
      for b in values.indices {
        if codes[a] < codes[b] { #expect(values[a].precedes(values[b])) }
        // The least value there is may have the code of null.
        if values[a].precedes(values[b]) {
          #expect(codes[a] < codes[b] || values[a].isNull && codes[a] == codes[b])
        }
      }
    }
  }
}
