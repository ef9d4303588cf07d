import ScanKernels
import StorageBase
import StorageIO
import Testing

@testable import SegmentFormat

/// Keys are found where they are and nowhere else, by primary keys and by key columns alike.
@Suite struct PrimaryKeyTests {
  private func find(
    _ reader: SegmentReader, _ keys: [[UInt8]], sequenceColumn: Int? = nil
  ) throws -> (matches: [KeyMatch], work: KeyProbeWork) {
    var matches: [KeyMatch] = []
    var work = KeyProbeWork()
    try reader.findKeys(
      KeyProbe(KeyedSegments.table(keys)), sequenceColumn: sequenceColumn, matches: &matches,
      work: &work)
    return (matches, work)
  }

  /// Both segments answer like the dictionary, with sequences and without.
  private func check(_ segments: KeyedSegments, _ keys: [[UInt8]]) throws {
    let column = segments.columns.count
    for reader in [segments.indexed, segments.plain] {
      let (matches, work) = try find(reader, keys, sequenceColumn: column)
      #expect(matches == segments.expected(keys, sequences: true))
      #expect(work.keys == keys.count && work.matches == matches.count)
      let hasSequences = try reader.hasKeySequences()
      #expect(
        try find(reader, keys).matches == segments.expected(keys, sequences: hasSequences))
    }
  }

  private func rows(
    _ types: [DataType], _ count: Int, _ shape: Shape, nullable: Bool,
    _ generator: inout SeededGenerator
  ) -> [[Value]] {
    let columns = types.map {
      sampleValues($0, shape, count: count, nullable: nullable, &generator)
    }
    return (0..<count).map { row in columns.map { $0[row] } }
  }

  @Test(arguments: allTypes) func keysOfOneColumn(type: DataType) throws {
    var generator = SeededGenerator(seed: 211)
    for (index, shape) in Shape.allCases.enumerated() {
      let isNullable = index % 2 == 0
      let segments = try KeyedSegments(
        [type], nullable: isNullable,
        rows: rows([type], 400, shape, nullable: isNullable, &generator),
        hasSequences: index % 3 == 0, keyPageByteCount: [64, 500, 8192][index % 3],
        hasShortKeyIndex: index % 4 != 1)
      #expect(segments.indexed.verify() == [])
      #expect(segments.indexed.hasPrimaryKeys && !segments.plain.hasPrimaryKeys)
      let bounds = try #require(try segments.indexed.primaryKeyBounds())
      #expect(bounds.min == segments.keys.first && bounds.max == segments.keys.last)
      let absent = rows([type], 100, .random, nullable: isNullable, &generator)
      try check(segments, segments.wanted(absent, count: 100, &generator))
      try check(segments, segments.keys)
      try check(segments, [])
    }
  }

  @Test func compositeKeys() throws {
    var generator = SeededGenerator(seed: 212)
    for round in 0..<40 {
      let types = (0...Int(generator.next() % 4)).map { _ in
        allTypes[Int(generator.next() % UInt64(allTypes.count))]
      }
      let isNullable = generator.next() % 2 == 0
      let shape: Shape = [.lowCardinality, .smallRange, .extremes, .random][round % 4]
      let sample = rows(types, 300, shape, nullable: isNullable, &generator)
      let segments = try KeyedSegments(
        types, nullable: isNullable, rows: sample, hasSequences: round % 2 == 0,
        rowsPerPage: [7, 64, 1000][round % 3], keyPageByteCount: [1, 100, 8192][round % 3],
        hasShortKeyIndex: round % 5 != 0)
      #expect(segments.indexed.verify() == [])
      // Mixed from rows that are there, so that keys share beginnings with others.
      let absent = (0..<150).map { _ in
        types.indices.map { sample[Int(generator.next() % 300)][$0] }
      }
      try check(segments, segments.wanted(absent, count: 60, &generator))
    }
  }

  /// Long beginnings in common, zero bytes, one string the beginning of another.
  @Test func keysThatAreNearlyAlike() throws {
    var generator = SeededGenerator(seed: 213)
    let parts = [
      "", "\0", "\0\0", "a", "\u{7F}", "\u{10FFFF}", String(repeating: "long ", count: 9),
    ]
    func text() -> Value {
      .string(
        (0..<generator.next() % 5).map { _ in parts[Int(generator.next() % 7)] }.joined())
    }
    for (page, rowsPerPage) in [(1, 1), (40, 16), (300, 64), (8192, 5000)] {
      let segments = try KeyedSegments(
        [.string, .string], nullable: false, rows: (0..<2000).map { _ in [text(), text()] },
        hasSequences: true, rowsPerPage: rowsPerPage, keyPageByteCount: page)
      #expect(segments.indexed.verify() == [])
      try check(
        segments, segments.wanted((0..<500).map { _ in [text(), text()] }, count: 100, &generator))
      try check(segments, segments.keys)
    }
  }

  @Test func oneRow() throws {
    for types: [DataType] in [[.int64], [.string, .int8]] {
      var generator = SeededGenerator(seed: 214)
      let segments = try KeyedSegments(
        types, nullable: true, rows: rows(types, 1, .random, nullable: false, &generator),
        hasSequences: true)
      #expect(segments.indexed.verify() == [])
      let absent = rows(types, 50, .random, nullable: true, &generator)
      try check(segments, segments.wanted(absent, count: 3, &generator))
    }
  }

  /// An entry longer than a page, and more bytes of entries than two bytes can count.
  @Test func longKeys() throws {
    var generator = SeededGenerator(seed: 215)
    let texts = (0..<12).map { index in
      [Value.string(String(repeating: "\(index % 3)", count: 40_000 + index * 7000))]
    }
    for page in [100, 1 << 20] {
      let segments = try KeyedSegments(
        [.string], nullable: false, rows: texts, keyPageByteCount: page)
      #expect(segments.indexed.verify() == [])
      let absent = ["", "0", "1", "3"].map { [Value.string($0)] }
      try check(segments, segments.wanted(absent, count: 20, &generator))
    }
  }

  @Test(arguments: [[DataType.int64], [.int32, .string]])
  func manyRows(types: [DataType]) throws {
    var generator = SeededGenerator(seed: 216)
    func row() -> [Value] {
      let number = Int128(generator.next() % 2_000_000)
      return types.count == 1
        ? [.integer(number)] : [.integer(number % 5000), .string("order \(number % 997)")]
    }
    let segments = try KeyedSegments(
      types, nullable: false, rows: (0..<100_000).map { _ in row() }, rowsPerPage: 8192)
    let absent = (0..<2000).map { _ in row() }
    let wanted = segments.wanted(absent, count: 2000, &generator)
    try check(segments, wanted)
    let (_, work) = try find(segments.indexed, wanted)
    let pageCount = try #require(try segments.indexed.primaryKeyIndex()).root.pages.count
    #expect(pageCount > 20 && work.pages <= pageCount)
    // Filters let one in a hundred of the absent keys pass.
    let absentCount = wanted.count - work.matches
    #expect(work.filterRejects > absentCount * 9 / 10 && work.filterRejects < absentCount)
  }

  @Test func whatLiesOutsideCostsNothing() throws {
    let segments = try KeyedSegments(
      [.int64, .int32], nullable: false,
      rows: (0..<5000).map { [.integer(Int128($0)), .integer(5)] }, keyPageByteCount: 512)
    let outside: [[Value]] = [-7, -1, 5000, 1 << 40].map { [.integer($0), .integer(5)] }
    let keys = outside.map { KeyedSegments.key($0, segments.columns) }
    for reader in [segments.indexed, segments.plain] {
      let (matches, work) = try find(reader, keys)
      #expect(matches == [] && work.boundsRejects == 4 && work.pages == 0 && work.bytes == 0)
    }
  }

  /// Few rows are one page without a filter.
  @Test func smallLoadsStaySmall() throws {
    let segments = try KeyedSegments(
      [.int64], nullable: false, rows: (0..<100).map { [.integer(Int128($0 * 1000))] })
    let extent = try #require(segments.indexed.extensions.primaryKeys)
    #expect(extent.filter == nil)
    #expect(extent.pages.count + extent.root.byteCount < 500)
  }

  @Test func foundKeysAreNotLookedForAgain() throws {
    let even = try KeyedSegments(
      [.int32], nullable: false, rows: (0..<300).map { [.integer($0 * 2)] })
    let thirds = try KeyedSegments(
      [.int32], nullable: false, rows: (0..<300).map { [.integer($0 * 3)] })
    let keys = (0..<400).map { KeyedSegments.key([.integer($0)], even.columns) }
    var probe = KeyProbe(KeyedSegments.table(keys))
    var matches: [KeyMatch] = []
    var work = KeyProbeWork()
    for segment in [even.indexed, thirds.plain] {
      let first = matches.count
      try segment.findKeys(probe, matches: &matches, work: &work)
      probe.drop(matches[first...])
    }
    #expect(matches.prefix(200).allSatisfy { $0.key % 2 == 0 && $0.row * 2 == $0.key })
    #expect(matches.dropFirst(200).allSatisfy { $0.key % 2 == 1 && $0.row * 3 == $0.key })
    #expect(probe.pending == (0..<400).filter { $0 % 2 != 0 && $0 % 3 != 0 })
    #expect(work.keys == 600 && work.matches == matches.count)
  }
}
