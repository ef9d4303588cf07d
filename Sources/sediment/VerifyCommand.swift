import ArgumentParser
import BenchKit
import Glibc
import StorageBase
import StorageIO
import TabletEngine

struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Checks every checksum and every invariant of a store; --repair mends it.",
    discussion: """
      Reads everything: the log and the checkpoint, then every page of every rowset, visible or \
      replaced. Checks that versions have no gap, row counts agree, rows are in key order and in \
      the bucket their hash says. Without --repair nothing is changed.

      With --repair what is damaged is moved to DIR/quarantine, with a report of why, and the \
      store is usable again. Rows are kept wherever they can be: from the rowsets that a damaged \
      one was merged from, while these are still there; from rows that are kept whole; else every \
      page that is whole. Of a unique key whose newest row is lost no older one comes back. A log \
      that is damaged in the middle is cut there, and the loads behind are listed. A load that \
      waits for its second phase and cannot be read is aborted. What is lost is told by table, \
      tablet and versions, with the number of rows. Where more can be had from a backup, restore \
      it instead.

      EXAMPLES
        sediment verify DIR && echo sound
        sediment verify DIR --repair

      EXIT CODES
        0 sound, or repaired and no row lost   1 damage was found, or is left
        2 repaired, and rows are lost   66 cannot be read, or cannot be repaired
      """)

  @OptionGroup var store: StoreArgument

  @Flag(help: "Move what is damaged out of the way and say what is lost.")
  var repair = false

  func run() throws {
    try repair ? repairStore() : checkStore()
  }

  private func checkStore() throws {
    let progress = ProgressReporter(clock: SystemClock())
    let result: StoreCheck.Result
    do {
      result = try StoreCheck(store.directory, files: PosixFileSystem()).run { done, total in
        progress.update("checked \(done) of \(total) rowsets")
      }
    } catch {
      progress.finish()
      fail(error, code: 66)
    }
    progress.finish()
    for problem in result.report.problems { print(problem) }
    print(
      """
      \(result.report.summary)
      \(result.recovery.records) log records replayed, \(result.recovery.tornByteCount) torn bytes \
      at the end of the log, \(result.orphanCount) orphan files
      """)
    print(
      result.report.problems.isEmpty
        ? "no damage found"
        : "\(result.report.problems.count) problems found, listed above; --repair mends what can be"
    )
    if !result.report.problems.isEmpty { throw ExitCode(1) }
  }

  private func repairStore() throws {
    let progress = ProgressReporter(clock: SystemClock())
    let report: RepairReport
    do {
      let repair = StoreRepair(store.directory, files: PosixFileSystem(), clock: SystemClock())
      report = try repair.run { state in
        let verb = state.isVerifying ? "verified" : "examined"
        progress.update("\(verb) \(state.done) of \(state.total) rowsets")
      }
    } catch {
      progress.finish()
      fail(error, code: 66)
    }
    progress.finish()
    for line in report.lines { print(line) }
    if let quarantine = report.quarantine { print("damaged files are in \(quarantine)") }
    for problem in report.remaining.problems { print("left: \(problem)") }
    print(report.remaining.summary)
    guard report.remaining.problems.isEmpty else {
      print("\(report.remaining.problems.count) problems are left, listed above")
      throw ExitCode(1)
    }
    print(report.isEmpty ? "no damage found" : "repaired; the store is sound")
    if report.losesRows { throw ExitCode(2) }
  }
}

extension StoreVerifier.Report {
  fileprivate var summary: String {
    "\(tables) tables, \(tablets) tablets, \(rowsets) rowsets, \(segments) segments, \(rows) rows, "
      + "\(bytes) bytes read"
  }
}
