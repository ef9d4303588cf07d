import ArgumentParser
import CompactionPolicies

struct SchedulersCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schedulers",
    abstract: "Lists what --scheduler can be, with parameters, defaults and ranges.",
    discussion: """
      A scheduler says which of the compactions that policies want start when. The same rules \
      drive the store (bench run, bench compare) and the simulator (bench simulate timed).

      EXAMPLES
        bench run --policy num-based --scheduler doris-1.0
        bench run --scheduler doris:slots=2,large_mib=64
        bench simulate timed --scheduler greedy:cumulative=4,bandwidth_mib_s=100
      """)

  func run() {
    for name in ConfiguredScheduler.names {
      print("\(name): \(ConfiguredScheduler.summary(of: name))")
      print("  source: \(ConfiguredScheduler.source(of: name))")
      print(ParameterTable(ConfiguredScheduler.parameters(of: name)).text)
      print("")
    }
  }
}
