import Foundation
import InvertedIndex
import ScanKernels
import StorageBase
import Testing

/// Indexes written by earlier programs stay readable. With SEDIMENT_WRITE_FIXTURES=1 in the
/// environment missing ones are written, into the source tree; existing ones never change.
struct FixtureTests {
  private static let options = IndexOptions(parser: .english)

  private static let rows: [Value] = (0..<1500).map { row in
    if row % 29 == 0 { return .null }
    let often = row % 2 == 0 ? "many more words" : "more"
    return .string("\(often) \(row * row % 31 == 1 ? "seldom many" : "") word \(row % 101)")
  }

  private static func bytes(_ name: String) throws -> [UInt8] {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "Fixtures/\(name).index")
    if ProcessInfo.processInfo.environment["SEDIMENT_WRITE_FIXTURES"] == "1",
      !FileManager.default.fileExists(atPath: file.path)
    {
      try Data(build()).write(to: file)
    }
    return [UInt8](try Data(contentsOf: file))
  }

  private static func build() throws -> [UInt8] {
    var samples = IndexSamples(seed: 5)
    return try samples.build(rows, .string, options)
  }

  @Test(arguments: ["words-v1", "words-v1-packed"]) func oldIndexesAreRead(name: String) throws {
    let reader = try open(try Self.bytes(name))
    #expect(reader.options == Self.options && reader.rowCount == 1500)
    let oracle = NaiveIndex(type: .string, options: Self.options, rows: Self.rows)
    let queries: [IndexQuery] = [
      .matchAny("seldom 7 absent"), .matchAll("many seldom"), .not(.matchAny("words")), .isNull,
      .matchPhrase("more words"), .matchPhrase("seldom many word"), .matchPhrase("many word"),
      .matchPhrasePrefix("words se"), .matchPhrasePrefix("word 1"), .matchPhrasePrefix("mor"),
    ]
    for query in queries {
      #expect(try reader.rows(matching: query).rows == oracle.rows(matching: query), "\(query)")
    }
    #expect(try reader.difference(from: open(Self.build())) == nil)
  }

  /// A merge takes old and new ones together.
  @Test func oldIndexesAreMerged() throws {
    let inputs = try ["words-v1", "words-v1-packed"].map { try open(try Self.bytes($0)) }
    // Two of the first, then three of the second, as long as both have rows.
    var left = [1500, 1500]
    var sources: [UInt16] = []
    while sources.count < 3000 {
      let wanted = sources.count % 5 < 2 ? 0 : 1
      let input = left[wanted] > 0 ? wanted : 1 - wanted
      left[input] -= 1
      sources.append(UInt16(input))
    }
    var merger = try InvertedIndexMerger(
      inputs: inputs, mapping: RowMapping(sources: sources, inputCount: 2))
    let sink = MemoryIndexSink()
    _ = try merger.merge(to: sink)
    var taken = [0, 0]
    let rows = sources.map { source -> Value in
      defer { taken[Int(source)] += 1 }
      return Self.rows[taken[Int(source)]]
    }
    var samples = IndexSamples(seed: 6)
    #expect(sink.bytes == (try samples.build(rows, .string, Self.options)))
  }
}
