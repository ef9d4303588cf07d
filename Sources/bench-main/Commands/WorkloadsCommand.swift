import ArgumentParser

struct WorkloadsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "workloads", abstract: "Lists the workloads of the main job.")

  func run() {
    for workload in Workload.names { print(Workload.description(of: workload)) }
  }
}
