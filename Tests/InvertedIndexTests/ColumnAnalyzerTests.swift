import InvertedIndex
import ScanKernels
import StorageBase
import Testing

/// Texts searched row by row give what an index of them gives.
struct ColumnAnalyzerTests {
  @Test(arguments: allStringOptions.indices) func rowsAgreeWithTheOracle(options: Int) throws {
    var samples = IndexSamples(seed: UInt64(options))
    let options = allStringOptions[options]
    let texts = (0..<120).map { _ in samples.text() }
    let oracle = NaiveIndex(
      type: .string, options: options, rows: texts.map { .string($0) })
    let table = StringTable(texts)
    for _ in 0..<40 {
      let question = samples.chance(3) ? String(samples.text().prefix(3)) : samples.text()
      for match in WordMatch.allCases {
        let query: IndexQuery =
          switch match {
          case .any: .matchAny(question)
          case .all: .matchAll(question)
          case .phrase: .matchPhrase(question)
          case .phrasePrefix: .matchPhrasePrefix(question)
          }
        let finder = ColumnAnalyzer(options).finder(match, question)
        let found = Bitmap(count: texts.count)
        finder.find(in: table, among: nil, into: found)
        let expected = oracle.rows(matching: query)
        #expect(found.rowIDs() == expected, "\(match) \(question) by \(options)")
        let some = Bitmap(count: texts.count)
        for row in texts.indices where row % 3 == 0 { some.set(row) }
        let part = Bitmap(count: texts.count)
        finder.find(in: table, among: some, into: part)
        #expect(part.rowIDs() == expected.filter { $0 % 3 == 0 })
      }
    }
  }
}
