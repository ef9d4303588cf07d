import BenchKit
import Glibc

extension CommitFindings {
  /// Shows the figures with the machine and what was measured, and writes them to a file.
  /// - Parameter csv: the file; `-` for standard output, and nothing else goes there; nil for none.
  func report(_ measured: String, measuredAt data: String, csv: String?) throws {
    if csv != "-" {
      let machine = RunEnvironment.capture(dataPath: data, sourcePath: sourceRoot)
      print(
        "\(machine.cpuModel ?? "unknown processor"), \(machine.coreCount) cores, "
          + "\(machine.fileSystem ?? "unknown file system"), \(Workload.buildDescription), "
          + measured)
      print(text)
    }
    guard let csv else { return }
    try csv == "-"
      ? writeAll(self.csv, to: STDOUT_FILENO, name: "standard output") : save(self.csv, csv)
  }
}
