import InvertedIndex
import ScanKernels
import StorageBase
import Testing

/// Words of every density, in more rows than a container of a roaring bitmap has: all forms of
/// rows, whole packed blocks and last ones, and positions in many groups.
struct DensityTests {
  private static let rowCount = 70_000
  /// One row in so many has the word of that ordinal.
  private static let shares = [1, 2, 5, 11, 13, 30, 200, 3000, 40_000]

  private struct Sample {
    /// By row, the ordinals of its words in their order.
    var rows: [[Int]] = []
    var bytes: [UInt8] = []

    init(_ options: IndexOptions) throws {
      var random = SeededGenerator(seed: 21)
      let builder = ColumnBuilder(type: .string)
      for row in 0..<rowCount {
        var words: [Int] = []
        for (word, share) in shares.enumerated() where random.next() % UInt64(share) == 0 {
          words.append(word)
          if random.next() % 40 == 0 { words.append(word) }
        }
        // The last word comes in runs.
        if row / 700 % 9 == 4 { words.insert(shares.count, at: 0) }
        rows.append(words)
        builder.append(string: words.map { "w\($0)" }.joined(separator: " "))
      }
      let writer = try InvertedIndexWriter(type: .string, options: options)
      try writer.add(builder.finish(), firstRow: 0)
      let sink = MemoryIndexSink()
      _ = try writer.finish(to: sink)
      bytes = sink.bytes
    }

    func rows(where condition: ([Int]) -> Bool) -> [UInt32] {
      rows.indices.filter { condition(rows[$0]) }.map { UInt32($0) }
    }
  }

  @Test(arguments: [false, true]) func everyDensityIsFound(hasPositions: Bool) throws {
    let sample = try Sample(IndexOptions(parser: .english, supportPhrase: hasPositions))
    let reader = try open(sample.bytes)
    var work = IndexWork()
    for word in 0...Self.shares.count {
      let expected = sample.rows { $0.contains(word) }
      #expect(try reader.rows(matching: .matchAny("w\(word)")).rows == expected, "w\(word)")
      #expect(try reader.estimate(.matchAny("w\(word)"), work: &work) == expected.count)
      for other in 0...Self.shares.count {
        let both = sample.rows { $0.contains(word) && $0.contains(other) }
        #expect(
          try reader.rows(matching: .matchAll("w\(word) w\(other)")).rows == both,
          "w\(word) w\(other)")
        guard hasPositions else { continue }
        let following = sample.rows { words in
          zip(words, words.dropFirst()).contains { $0 == word && $1 == other }
        }
        #expect(
          try reader.rows(matching: .matchPhrase("w\(word) w\(other)")).rows == following,
          "\"w\(word) w\(other)\"")
      }
    }
    if hasPositions {
      let three = sample.rows { words in
        zip(zip(words, words.dropFirst()), words.dropFirst(2)).contains {
          $0.0 == 0 && $0.1 == 1 && $1 == 2
        }
      }
      #expect(try reader.rows(matching: .matchPhrase("w0 w1 w2")).rows == three)
    }
    // Half of the rows are dropped, the others keep their order.
    let outputs = (0..<Self.rowCount).map { $0 % 2 == 0 ? UInt32($0 / 2) : RowMapping.dropped }
    var merger = try InvertedIndexMerger(
      inputs: [reader],
      mapping: RowMapping(outputs: [outputs], outputRowCount: Self.rowCount / 2))
    let sink = MemoryIndexSink()
    _ = try merger.merge(to: sink)
    let merged = try open(sink.bytes)
    for word in 0...Self.shares.count {
      let expected = sample.rows { $0.contains(word) }.filter { $0 % 2 == 0 }.map { $0 / 2 }
      #expect(try merged.rows(matching: .matchAny("w\(word)")).rows == expected, "w\(word)")
    }
  }
}
