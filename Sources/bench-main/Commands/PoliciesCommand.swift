import ArgumentParser
import BenchKit
import CompactionPolicies

struct PoliciesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "policies",
    abstract: "Lists the compaction policies with their parameters, defaults and ranges.")

  func run() {
    for entry in PolicyCatalogue.shipped.entries {
      let point = entry.designPoint
      print("\(entry.name): \(entry.summary)")
      print("  source: \(entry.source)")
      print(
        "  trigger: \(point.trigger); layout: \(point.layout); granularity: "
          + "\(point.granularity); movement: \(point.movement); inputs: \(point.adjacency)")
      if !entry.parameters.isEmpty {
        var table = TextTable([
          .init("  parameter", .leading), .init("default"), .init("range", .leading),
          .init("meaning", .leading),
        ])
        for parameter in entry.parameters {
          table.append([
            "  " + parameter.name, parameter.defaultValue, parameter.range, parameter.meaning,
          ])
        }
        print(table.text)
      }
      print("")
    }
  }
}
