import ArgumentParser
import BenchKit
import PolicyLab

struct SimulateZooCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "zoo",
    abstract: "The policies of the literature side by side, in the canonical model.",
    discussion: """
      A cell is bytes written in units of a load / most components / mean components, after that \
      many loads. OPT(k) is the least that any policy of at most k components can write if a load \
      that is merged at once is not written before.
      """)

  func run() throws {
    try withErrorsReported {
      let zoo = try ZooTable()
      var table = TextTable(
        [TextTable.Column("policy", .leading)]
          + ZooTable.flushCounts.map { TextTable.Column("n=\($0)") })
      for row in zoo.policies { table.append([row.spec] + row.cells.map(\.description)) }
      for row in zoo.optima {
        table.append(["OPT(\(row.bound)) build"] + row.buildCounts.map(String.init))
      }
      print(table.text)
    }
  }
}
