import BenchKit
import Glibc
import StorageBase
import StorageIO
import Studies

/// The folder of a sweep: `sweep-rows.csv`, which rows are appended to as they come; `sweep.csv`,
/// made of it; and what was asked for.
final class SweepFolder: Sendable {
  let path: String

  /// Makes the folder if there is none.
  init(_ path: String) throws {
    self.path = path
    try createDirectories(path)
  }

  /// Puts the rows that are there into a ledger.
  func addRows(to ledger: inout SweepLedger) throws {
    let rows = "\(path)/\(SweepLedger.fileName)"
    guard access(rows, F_OK) == 0 else { return }
    guard ledger.take(try readInput(rows)) else {
      throw StorageError.invalidArgument(
        name: "--out", value: path,
        reason: "its rows have other columns than this version writes; give another folder, or "
          + "--fresh to run all anew")
    }
  }

  /// Writes down what is asked for, and the rows that are there, without what a killed program
  /// may have left half.
  func begin(yaml: String, path file: String, ledger: SweepLedger) throws {
    try replace("sweep.yaml", yaml)
    let environment = RunEnvironment.capture(dataPath: path, sourcePath: sourceRoot)
    let record = RunRecord(
      runID: "sweep", startedAt: SystemClock().now(), seed: 0,
      configuration: ["sweep": .string(yaml), "file": .string(file)],
      simdLevel: Workload.simdLevel, environment: environment)
    try replace("run.json", record.json.prettyText)
    try replace(SweepLedger.fileName, ledger.text)
  }

  func append(_ row: SweepRow) throws {
    try appendLine(row.line + "\n", "\(path)/\(SweepLedger.fileName)")
  }

  /// Writes a file of this folder as a whole or not at all.
  func replace(_ name: String, _ text: String) throws {
    let target = "\(path)/\(name)"
    try save(text, target + ".new")
    guard rename(target + ".new", target) == 0 else { throw failure("replace", target) }
  }
}
