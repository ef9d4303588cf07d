import StorageBase
import Testing

@testable import ScanKernels

/// Gathered rows are the rows asked for.
@Suite struct GatherTests {
  @Test(arguments: 0..<30)
  func rowsComeInTheOrderAskedFor(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let types: [DataType] = [
      .int8, .int16, .int32, .int64, .decimal(precision: 30, scale: 0), .float, .double, .string,
    ]
    for type in types {
      let builder = ColumnBuilder(type: type)
      let count = Int.random(in: 1...300, using: &random)
      let hasNulls = Bool.random(using: &random)
      for _ in 0..<count {
        let number = Int.random(in: -100...100, using: &random)
        if hasNulls, number < -80 {
          builder.appendNull()
        } else if type == .string {
          // Empty ones, short ones, and ones of about the length that is copied at once.
          builder.append(string: String(repeating: "xy", count: abs(number) % 35))
        } else if type == .float || type == .double {
          builder.append(floating: Double(number) / 4)
        } else {
          builder.append(integer: Int64(number))
        }
      }
      let vector = builder.finish()
      for rowCount in [0, 1, 63, 64, 65, 200] {
        let rows = (0..<rowCount).map { _ in UInt32.random(in: 0..<UInt32(count), using: &random) }
        let gathered = vector.gather(rows)
        #expect((0..<gathered.count).map { gathered[$0] } == rows.map { vector[Int($0)] })
        #expect((gathered.nulls != nil) == rows.contains { vector.isNull(Int($0)) })
        if case .strings(let table) = gathered.body {
          let end = table.bytes.bytes.baseAddress! + table.bytes.byteCount
          let padding = UnsafeRawBufferPointer(start: end, count: AlignedBuffer.padding)
          #expect(padding.allSatisfy { $0 == 0 })
        }
      }
    }
  }

  @Test func codedColumnsKeepTheirDictionary() {
    let vector = ColumnVector(
      type: .string, count: 4,
      body: .coded(codes: .of([2, 0, 1, 2] as [UInt32]), dictionary: StringTable(["a", "b", "c"])))
    let gathered = vector.gather([3, 1, 1])
    #expect((0..<3).map { gathered[$0] } == [.string("c"), .string("a"), .string("a")])
    guard case .coded = gathered.body else {
      Issue.record("\(gathered.body)")
      return
    }
  }
}
