import ArgumentParser
import BenchKit

struct KeysCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "keys",
    abstract: "Fills the hash key index in memory and asks it, on one thread.",
    discussion: """
      Ascending keys of 64 bits go into an empty table, with room reserved or not; then batches \
      are looked up and exchanged, uniform over the table or zipfian. Times are those of the \
      processor, the least of the rounds. "longest batch" is the time of the slowest batch while \
      the table was filled, growth included.

      EXAMPLES
        bench keys
        bench keys --rows 10000000 --batch 10000 --csv
      """)

  @Option(help: "Keys of the table.")
  var rows: [Int] = [1_000_000, 10_000_000]

  @Option(help: "Keys of a batch.")
  var batch = 1000

  @Option(help: "Rounds; the fastest counts.")
  var rounds = 3

  @Flag(help: "Writes comma-separated values instead of a table.")
  var csv = false

  func validate() throws {
    guard rows.allSatisfy({ (1...1_000_000_000).contains($0) }), batch >= 1, rounds >= 1 else {
      throw ValidationError("--rows must be 1 to 1000000000, the other numbers at least 1")
    }
  }

  func run() throws {
    var findings: [KeyFinding] = []
    for rowCount in rows {
      for width in [1, 2] {
        for hasSequences in [false, true] {
          var bench = KeyBench(
            rowCount: rowCount, batchCount: batch, width: width, hasSequences: hasSequences)
          findings += (0..<rounds).map { _ in bench.round() }.reduce([]) { best, round in
            best.isEmpty ? round : zip(best, round).map { $0.least($1) }
          }
        }
      }
    }
    if csv {
      print(KeyFinding.columns.joined(separator: ","))
      for finding in findings { print(finding.cells.joined(separator: ",")) }
      return
    }
    let names: Set = ["operation", "keys", "unit", "sequences"]
    var table = TextTable(
      KeyFinding.columns.map { .init($0, names.contains($0) ? .leading : .trailing) })
    for finding in findings { table.append(finding.cells) }
    print(table.text)
  }
}
