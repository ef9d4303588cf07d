import ArgumentParser
import BenchKit
import Glibc
import InvertedIndex
import StorageBase
import StorageIO

struct TextCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "text",
    abstract: "Builds inverted indexes of a column of a CSV file, and asks them.",
    discussion: """
      The column, TPC-H's l_comment unless told, is read into memory first. Then an index is built \
      for each segment, without and with positions, and merged, on several threads; sizes are \
      those of all segments. Every question is asked of all segments, one after another, by one \
      thread, without a cache of answers.

      EXAMPLES
        bench text --input lineitem.csv
        bench text --input lineitem.csv --threads 1 --repeat 21 --csv -
      """)

  @Option(help: "The CSV file; its first row names the columns.")
  var input: String

  @Option(help: "The column.")
  var column = "l_comment"

  @Option(help: "The parser: english, unicode, chinese, keyword or none.")
  var parser = "english"

  @Option(help: "Threads that build; each works on a segment.")
  var threads = 2

  @Option(help: "Rows of a segment.")
  var segmentRows = 1 << 20

  @Option(name: .customLong("repeat"), help: "Timed runs of each question.")
  var repeatCount = 9

  @Option(help: "Timed runs of each way to build; the fastest counts.")
  var builds = 3

  @Option(help: "Writes the figures of the questions to this file; - for standard output.")
  var csv: String?

  func validate() throws {
    guard (1...256).contains(threads), repeatCount >= 1, builds >= 1, segmentRows >= 1 else {
      throw ValidationError("--threads must be 1 to 256, the other numbers at least 1")
    }
  }

  func run() throws {
    try withErrorsReported {
      let column = try TextColumn(self.column, ofFile: input)
      let pool = try WorkerPool(name: "text", threadCount: threads)
      let segments = column.segments(ofRows: segmentRows)
      say(
        "\(column.rowCount) rows of \(formatBytes(column.byteCount)) in \(segments.count) segments")
      var table = TextTable([
        .init("index", .leading), .init("rows/s"), .init("CPU s"), .init("bytes"),
        .init("bytes/row"), .init("postings"), .init("dictionary"),
      ])
      let kinds: [(name: String, phrases: Bool)] = [("words", false), ("positions", true)]
      var indexes: [TextIndexes] = []
      for kind in kinds {
        let options = try IndexOptions(properties: [
          "parser": parser, "support_phrase": "\(kind.phrases)",
        ])
        let built = try fastest { try TextIndexes(segments, options, pool: pool) }
        let merged = try fastest { try TextIndexes(merging: built, pool: pool) }
        table.append(line(kind.name, built, column))
        table.append(line("\(kind.name), merged", merged, column))
        indexes.append(built)
      }
      say(table.text)
      try ask(indexes[0], indexes[1])
    }
  }

  /// Figures on standard output are for programs, and then nothing else goes there.
  private func say(_ text: String) { if csv != "-" { print(text) } }

  private func fastest(_ make: () throws -> TextIndexes) throws -> TextIndexes {
    var best = try make()
    for _ in 1..<builds {
      let next = try make()
      if next.seconds < best.seconds { best = next }
    }
    return best
  }

  private func line(_ name: String, _ indexes: TextIndexes, _ column: TextColumn) -> [String] {
    [
      name, formatRate(Double(column.rowCount) / indexes.seconds),
      formatFixed(indexes.cpuSeconds, places: 2), formatBytes(indexes.byteCount),
      formatFixed(Double(indexes.byteCount) / Double(column.rowCount), places: 2),
      formatBytes(indexes.postingsByteCount), formatBytes(indexes.dictionaryByteCount),
    ]
  }

  private func ask(_ words: TextIndexes, _ positions: TextIndexes) throws {
    var table = TextTable([
      .init("question", .leading), .init("rows"), .init("median ms"), .init("min"), .init("max"),
    ])
    var lines = ["question,rows,median_ms,min_ms,max_ms"]
    let clock = MonotonicClock()
    for question in TextQuery.all {
      let indexes = question.needsPositions ? positions : words
      var count = try indexes.count(question.query)
      let times = try (0..<repeatCount).map { _ in
        let start = clock.now()
        count = try indexes.count(question.query)
        return Double(clock.now() - start) / 1e6
      }.sorted()
      let figures = [times[times.count / 2], times[0], times[times.count - 1]]
        .map { formatFixed($0, places: 3) }
      table.append([question.name, "\(count)"] + figures)
      lines.append(([question.name, "\(count)"] + figures).joined(separator: ","))
    }
    say(table.text)
    guard let csv else { return }
    let text = lines.joined(separator: "\n") + "\n"
    try csv == "-"
      ? writeAll(text, to: STDOUT_FILENO, name: "standard output") : save(text, csv)
  }
}
