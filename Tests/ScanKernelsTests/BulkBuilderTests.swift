import StorageBase
import Testing

@testable import ScanKernels

/// Rows that are written in bulk, and rows taken back, leave a builder as if they had been appended
/// one by one.
@Suite struct BulkBuilderTests {
  @Test(arguments: 0..<40)
  func bulkAndSingleRowsMix(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    for type in [DataType.int16, .int64, .decimal(precision: 30, scale: 1), .string] {
      let single = ColumnBuilder(type: type, capacity: 1)
      let mixed = ColumnBuilder(type: type, capacity: 1)
      var rows: [Value] = []
      for _ in 0..<30 {
        let added = (0..<Int.random(in: 0...9, using: &random)).map { _ in value(type, &random) }
        if Bool.random(using: &random) {
          for row in added { mixed.append(row) }
        } else {
          appendInBulk(added, to: mixed)
        }
        rows += added
        if Int.random(in: 0..<4, using: &random) == 0 {
          let kept = Int.random(in: 0...rows.count, using: &random)
          mixed.truncate(to: kept)
          rows.removeLast(rows.count - kept)
        }
      }
      for row in rows { single.append(row) }
      let (a, b) = (single.finish(), mixed.finish())
      #expect((0..<a.count).map { a[$0] } == rows)
      #expect((0..<b.count).map { b[$0] } == rows)
      #expect(a.byteCount == b.byteCount)
    }
  }

  private func value(_ type: DataType, _ random: inout SeededGenerator) -> Value {
    if Int.random(in: 0..<5, using: &random) == 0 { return .null }
    let number = Int.random(in: -999...999, using: &random)
    return type == .string
      ? .string(String(repeating: "é", count: abs(number) % 50)) : .integer(Int128(number))
  }

  private func appendInBulk(_ rows: [Value], to builder: ColumnBuilder) {
    let first = builder.count
    if builder.type == .string {
      let texts: [[UInt8]] = rows.map {
        if case .string(let text) = $0 { Array(text.utf8) } else { [] }
      }
      let target = builder.extendStrings(
        rowCount: rows.count, byteCount: texts.reduce(0) { $0 + $1.count })
      var offset = 0
      for (index, text) in texts.enumerated() {
        (target.bytes + offset).copyMemory(from: text, byteCount: text.count)
        offset += text.count
        target.ends[index] = target.start + UInt32(offset)
      }
      memsetSlack(target.bytes + offset)
    } else {
      let column = ColumnBuilder(type: builder.type)
      for row in rows { column.append(row) }
      if case .fixed(let buffer) = column.finish().body {
        builder.extend(rowCount: rows.count)
          .copyMemory(from: buffer.bytes.baseAddress!, byteCount: buffer.byteCount)
      }
    }
    for (index, row) in rows.enumerated() where row == .null { builder.markNull(first + index) }
  }

  /// What copies of fixed size do behind the last string.
  private func memsetSlack(_ end: UnsafeMutableRawPointer) {
    end.initializeMemory(as: UInt8.self, repeating: 0xEE, count: ColumnBuilder.copySlack)
  }
}
