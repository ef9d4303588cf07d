import ArgumentParser
import Glibc
import TabletEngine

struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Checks every checksum and every invariant of a store.",
    discussion: """
      Reads everything: the log and the checkpoint while opening, then every page of every rowset, \
      visible or replaced. Checks that versions have no gap, row counts agree, rows are in key \
      order and in the bucket their hash says.

      EXAMPLE
        sediment verify DIR && echo sound
      """)

  @OptionGroup var store: StoreArgument

  func run() throws {
    let opened = store.open()
    let isTerminal = isatty(STDERR_FILENO) == 1
    let report = StoreVerifier(opened).run { done, total in
      if isTerminal && (done % 16 == 0 || done == total) {
        let bytes = Array("\r\u{1B}[Kchecked \(done) of \(total) rowsets".utf8)
        _ = write(STDERR_FILENO, bytes, bytes.count)
      }
    }
    if isTerminal { _ = write(STDERR_FILENO, "\n", 1) }
    for problem in report.problems { print(problem) }
    let recovery = opened.recovery
    print(
      """
      \(report.tables) tables, \(report.tablets) tablets, \(report.rowsets) rowsets, \
      \(report.segments) segments, \(report.rows) rows, \(report.bytes) bytes read
      \(recovery.records) log records replayed, \(recovery.tornByteCount) torn bytes cut off, \
      \(recovery.orphansRemoved.count) orphan files removed
      """)
    print(
      report.problems.isEmpty
        ? "no damage found" : "\(report.problems.count) problems found, listed above")
    if !report.problems.isEmpty { throw ExitCode(1) }
  }
}
