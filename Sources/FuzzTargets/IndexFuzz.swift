import InvertedIndex
import ScanKernels
import StorageBase
import StorageIO

/// Opens bytes as an inverted index, asks it everything, and merges it. A fuzzer cannot guess
/// checksums, so those that can be found are made right, and what lies behind them is reached.
enum IndexFuzz {
  /// Larger inputs than this teach nothing and take long.
  private static let byteCountMax = 1 << 18
  private static let rowCountMax = 1 << 16
  private static let trailerByteCount = 20

  static func run(_ input: [UInt8]) throws {
    guard input.count <= byteCountMax else { return }
    var bytes = input
    sealFooter(&bytes)
    try sealBlocks(&bytes)
    let reader = try open(bytes)
    guard reader.rowCount <= rowCountMax else { return }
    var firstError: (any Error)?
    for query in queries(reader.type) where reader.canAnswer(query) {
      do {
        var work = IndexWork()
        let estimate = try reader.estimate(query, work: &work)
        let rows = try reader.rows(matching: query, work: &work)
        precondition(estimate >= 0 && rows.rows.allSatisfy { $0 < reader.rowCount })
      } catch {
        firstError = firstError ?? error
      }
    }
    do {
      try merge(reader)
    } catch {
      firstError = firstError ?? error
    }
    if let firstError { throw firstError }
  }

  private static func open(_ bytes: [UInt8]) throws -> InvertedIndexReader {
    try InvertedIndexReader(MemoryFile(path: "fuzz.index", bytes: bytes))
  }

  /// Every second row goes to the output, so that rows are dropped as well. Reads all there is, and
  /// what it writes must be an index.
  private static func merge(_ reader: InvertedIndexReader) throws {
    let outputs = (0..<reader.rowCount).map {
      $0 % 2 == 0 ? UInt32($0 / 2) : RowMapping.dropped
    }
    var merger = try InvertedIndexMerger(
      inputs: [reader],
      mapping: RowMapping(outputs: [outputs], outputRowCount: (reader.rowCount + 1) / 2))
    let sink = MemoryIndexSink()
    _ = try merger.merge(to: sink)
    let merged = try open(sink.bytes)
    let difference = try merged.difference(from: merged)
    precondition(difference == nil)
  }

  private static func queries(_ type: DataType) -> [IndexQuery] {
    guard type == .string else {
      let bound = IndexQuery.Bound(.integer(3), isInclusive: true)
      return [
        .equals(.integer(1)), .not(.range(lower: bound, upper: nil)), .isNull,
        .range(lower: nil, upper: IndexQuery.Bound(.floating(2), isInclusive: false)),
      ]
    }
    return [
      .matchAny("many words more"), .matchAll("many more"), .matchPhrase("many more words"),
      .matchPhrase("more many"), .matchPhrasePrefix("many mo"), .matchPhrasePrefix("w"),
      .not(.matchAny("many")), .equals(.string("word 3")), .isNull,
    ]
  }

  // MARK: Checksums

  /// The checksum of footer and trailer: bytes 12..<16 of the last 20.
  private static func sealFooter(_ bytes: inout [UInt8]) {
    guard bytes.count >= trailerByteCount + 4 else { return }
    let trailer = bytes.count - trailerByteCount
    let length = bytes.withUnsafeBytes {
      Int(UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: trailer, as: UInt32.self)))
    }
    guard length <= trailer - 4 else { return }
    SegmentFuzz.seal(&bytes, trailer - length..<trailer + 12, at: trailer + 12)
  }

  /// The last four bytes of every block are the checksum of the others. Dictionary blocks come
  /// first, since they say where postings lie.
  private static func sealBlocks(_ bytes: inout [UInt8]) throws {
    for range in try open(bytes).dictionaryRanges { seal(&bytes, range) }
    // A dictionary that is not understood ends the search, not the run.
    do {
      for range in try open(bytes).postingsRanges() { seal(&bytes, range) }
    } catch _ as StorageError {}
  }

  private static func seal(_ bytes: inout [UInt8], _ range: Range<Int>) {
    guard range.count >= 4, range.upperBound <= bytes.count else { return }
    let end = range.upperBound - 4
    SegmentFuzz.seal(&bytes, range.lowerBound..<end, at: end)
  }

  // MARK: Seeds

  /// Every form of rows, several groups of positions, nulls, and a column of numbers.
  static func seeds() throws -> [[UInt8]] {
    func index(_ type: DataType, _ options: IndexOptions, _ rows: [Value]) throws -> [UInt8] {
      let builder = ColumnBuilder(type: type)
      for row in rows { builder.append(row) }
      let writer = try InvertedIndexWriter(type: type, options: options)
      try writer.add(builder.finish(), firstRow: 0)
      let sink = MemoryIndexSink()
      _ = try writer.finish(to: sink)
      return sink.bytes
    }
    let texts = (0..<4000).map { row -> Value in
      if row % 97 == 0 { return .null }
      let often = row % 2 == 0 ? "many more words" : ""
      return .string("\(often) \(row * row % 29 == 1 ? "packed many" : "") word \(row % 301)")
    }
    let few = (0..<9).map { Value.string("many more \($0 % 3) many") }
    return [
      try index(.string, IndexOptions(parser: .english), texts),
      try index(.string, IndexOptions(parser: .unicode, supportPhrase: false), texts),
      try index(.string, IndexOptions(parser: .english), few),
      try index(.string, IndexOptions(), few),
      try index(.int32, IndexOptions(), (0..<500).map { .integer(Int128($0 * $0 % 37)) }),
    ]
  }
}
