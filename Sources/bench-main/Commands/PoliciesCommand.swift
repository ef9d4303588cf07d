import ArgumentParser
import CompactionPolicies
import TabletModel

struct PoliciesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "policies",
    abstract: "Lists the compaction policies with their parameters, defaults and ranges.",
    discussion: "At the end stands what --back-pressure can be.")

  func run() {
    for entry in PolicyCatalogue.shipped.entries {
      let point = entry.designPoint
      print("\(entry.name): \(entry.summary)")
      print("  source: \(entry.source)")
      print(
        "  trigger: \(point.trigger); layout: \(point.layout); granularity: "
          + "\(point.granularity); movement: \(point.movement); inputs: \(point.adjacency)")
      show(entry.parameters)
      print("")
    }
    for name in BackPressure.names {
      print("--back-pressure \(name): \(BackPressure.summary(of: name))")
      show(BackPressure.parameters(of: name))
    }
  }

  private func show(_ parameters: [PolicyParameter]) {
    guard !parameters.isEmpty else { return }
    print(ParameterTable(parameters).text)
  }
}
