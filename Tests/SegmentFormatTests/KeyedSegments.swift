import ScanKernels
import StorageBase
import Testing

@testable import SegmentFormat

/// The same rows, with different keys, in a segment with primary keys and in one without, and a
/// dictionary that knows where each key is.
struct KeyedSegments {
  let columns: [Column]
  /// Of each key column, in the order of the keys.
  let values: [[Value]]
  let keys: [[UInt8]]
  let sequences: [UInt64]
  let rowsOfKeys: [[UInt8]: UInt32]
  let bytes: [UInt8]
  let indexed: SegmentReader
  let plain: SegmentReader

  /// - Parameter rows: of the key columns; rows whose key was there before are left out.
  init(
    _ types: [DataType], nullable: Bool, rows: [[Value]], hasSequences: Bool = false,
    rowsPerPage: Int = 100, keyPageByteCount: Int = PrimaryKeyLayout.pageByteCountTarget,
    hasShortKeyIndex: Bool = true
  ) throws {
    let schema = try Schema(
      types.enumerated().map { ("c\($0.offset)", $0.element, nullable) }
        + [("sequence", .int64, true)], sortKeyCount: types.count)
    let columns = Array(schema.columns[..<types.count])
    self.columns = columns
    var known: [[UInt8]: [Value]] = [:]
    for row in rows { known[Self.key(row, columns)] = row }
    let sorted = known.sorted { $0.key.lexicographicallyPrecedes($1.key) }
    keys = sorted.map(\.key)
    values = types.indices.map { column in sorted.map { $0.value[column] } }
    rowsOfKeys = Dictionary(
      uniqueKeysWithValues: keys.enumerated().map { ($0.element, UInt32($0.offset)) })
    let numbers: [Value] = keys.indices.map {
      $0 % 7 == 3 ? .null : .integer(Int128($0) * 7919 % 1000 - 300)
    }
    let sequenceColumn = vector(.int64, numbers)
    let codes = SequenceCodes.codes(of: sequenceColumn)
    sequences = withExtendedLifetime(codes) { Array(codes.values(as: UInt64.self)) }
    let vectors = zip(types, values).map { vector($0, $1) }
    let batch = ColumnBatch(
      schema: schema, rowCount: keys.count, columns: vectors + [sequenceColumn])
    let options = SegmentOptions(rowsPerPage: rowsPerPage, hasShortKeyIndex: hasShortKeyIndex)
    plain = try openSegment(SegmentWriter.encode(batch, options: options).bytes)
    let (values, sequences) = (values, sequences)
    bytes = try SegmentWriter.encode(batch, options: options) { column, writer in
      // Behind the keys, as a merge has them.
      guard column == types.count - 1 else { return }
      try writer.appendPrimaryKeys(
        hasSequences: hasSequences, pageByteCountTarget: keyPageByteCount
      ) { index in
        for start in stride(from: 0, to: batch.rowCount, by: 37) {
          let rows = start..<min(start + 37, batch.rowCount)
          let chunk = zip(types, values).map { vector($0, Array($1[rows])) }
          try index.append(
            SortKeyBytes.encode(chunk, columns),
            sequences: hasSequences ? .of(Array(sequences[rows])) : nil)
        }
      }
    }.bytes
    indexed = try openSegment(bytes)
  }

  static func key(_ row: [Value], _ columns: [Column]) -> [UInt8] {
    var bytes: [UInt8] = []
    for (column, value) in zip(columns, row) { SortKeyBytes.append(value, of: column, to: &bytes) }
    return bytes
  }

  static func table(_ keys: [[UInt8]]) -> StringTable {
    var ends: [UInt32] = [0]
    for key in keys { ends.append(ends[ends.count - 1] + UInt32(key.count)) }
    return StringTable(count: keys.count, offsets: .of(ends), bytes: .of(keys.flatMap { $0 }))
  }

  /// What a probe for these keys must find.
  func expected(_ keys: [[UInt8]], sequences hasSequences: Bool) -> [KeyMatch] {
    keys.enumerated().compactMap { index, key in
      rowsOfKeys[key].map { row in
        KeyMatch(
          key: UInt32(index), row: row, sequence: hasSequences ? sequences[Int(row)] : 0)
      }
    }
  }

  /// Keys that are there, keys like them that mostly are not, and both at once.
  func wanted(_ absent: [[Value]], count: Int, _ generator: inout SeededGenerator) -> [[UInt8]] {
    var wanted = absent.map { Self.key($0, columns) }
    for _ in 0..<count { wanted.append(keys[Int(generator.next() % UInt64(keys.count))]) }
    for index in keys.indices.prefix(2) { wanted.append(keys[keys.count - 1 - index]) }
    wanted.append(keys[0])
    return wanted.sorted { $0.lexicographicallyPrecedes($1) }
  }
}
