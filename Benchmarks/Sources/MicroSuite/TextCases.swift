import CMeasure
import InvertedIndex
import ScanKernels
import StorageBase
import StorageIO

/// Words in comments: found by reading all of them, and through an inverted index.
enum TextCases {
  private static let rowCount = 1 << 18
  private static let pageRowCount = Samples.pageRowCount

  static func all() throws -> [MicroCase] {
    let pages = Lazily { comments() }
    var cases = [
      try like("'%theodolites%'", pages), try like("'%silent%foxes%'", pages),
      try like("'quickly%'", pages),
    ]
    for supportsPhrase in [false, true] { cases.append(build(supportsPhrase, pages)) }
    let reader = Lazily { try index(pages.get(), supportsPhrase: true) }
    let questions: [(String, IndexQuery)] = [
      ("term lookup", .matchAny("theodolites")), ("two terms, AND", .matchAll("silent foxes")),
      ("phrase", .matchPhrase("silent foxes")),
      ("phrase prefix", .matchPhrasePrefix("silent fox")),
    ]
    return cases + questions.map { ask($0, $1, reader) }
  }

  private static func comments() -> [ColumnVector] {
    (0..<rowCount / pageRowCount).map { page in
      ColumnVector(
        type: .string, count: pageRowCount,
        body: .strings(Samples.comments(count: pageRowCount, seed: 81 &+ UInt64(page))))
    }
  }

  private static func textByteCount(_ pages: [ColumnVector]) -> Int {
    pages.reduce(0) { $0 + $1.byteCount }
  }

  private static func like(
    _ pattern: String, _ pages: Lazily<[ColumnVector]>
  ) throws -> MicroCase {
    let schema = try Schema([("c", .string, false)], sortKeyCount: 1)
    let bound = try Field("c").isLike(String(pattern.dropFirst().dropLast())).bound(to: schema)
    return MicroCase(
      "LIKE", pattern, byteCount: textByteCount(try pages.get()), valueCount: rowCount,
      ceiling: .memoryRead
    ) {
      let pages = try pages.get()
      return {
        var evaluator = PredicateEvaluator(bound)
        for page in pages {
          cm_consume(evaluator.evaluate(rowCount: page.count) { _ in page }.words[0])
        }
      }
    }
  }

  private static func index(
    _ pages: [ColumnVector], supportsPhrase: Bool
  ) throws -> InvertedIndexReader {
    let sink = MemoryIndexSink()
    let options = IndexOptions(parser: .english, supportPhrase: supportsPhrase)
    let writer = try InvertedIndexWriter(type: .string, options: options)
    for page in pages { try writer.add(page, firstRow: writer.rowCount) }
    _ = try writer.finish(to: sink)
    return try InvertedIndexReader(MemoryFile(path: "index", bytes: sink.bytes))
  }

  private static func build(
    _ supportsPhrase: Bool, _ pages: Lazily<[ColumnVector]>
  ) -> MicroCase {
    MicroCase(
      "inverted index", "build, \(supportsPhrase ? "with" : "without") positions",
      byteCount: rowCount * 40, valueCount: rowCount, note: "40 bytes a comment"
    ) {
      let pages = try pages.get()
      return { _ = try index(pages, supportsPhrase: supportsPhrase) }
    }
  }

  private static func ask(
    _ name: String, _ query: IndexQuery, _ reader: Lazily<InvertedIndexReader>
  ) -> MicroCase {
    MicroCase(
      "inverted index", name, byteCount: 0, valueCount: rowCount,
      note: "values are rows of the column, none of which is read"
    ) {
      let reader = try reader.get()
      return { cm_consume(UInt64(try reader.rows(matching: query).count)) }
    }
  }
}
