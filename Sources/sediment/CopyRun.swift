import ArgumentParser
import BenchKit
import Glibc
import StorageBase
import StorageIO
import TabletEngine

/// What `backup` and `restore` have in common: progress, interruption, the report, exit codes.
struct CopyRun {
  let source: String
  let destination: String
  /// "backed up" or "restored".
  let verb: String

  typealias Copy = (
    _ isCancelled: @escaping () -> Bool, _ onProgress: @escaping (BackupProgress) -> Void
  ) throws -> BackupReport

  /// - Throws: `ExitCode` after an interruption. Other failures end the program.
  func run(_ copy: Copy) throws {
    let progress = ProgressReporter(clock: SystemClock())
    do {
      let interrupt = try InterruptFlag.installingSignalHandlers()
      let report: BackupReport
      do {
        report = try copy({ interrupt.isSet }, { state in progress.update(Self.line(state)) })
      } catch is CancellationError {
        progress.finish("interrupted; nothing was left at \(destination)")
        throw ExitCode(interrupt.exitStatus)
      }
      progress.finish()
      print(
        """
        \(report.rows) rows in \(report.rowsets) rowsets of \(report.tables) tables, up to load \
        \(report.commitSequence), \(verb) to \(destination)
        \(report.linkedFiles) files linked, \(report.copiedFiles) copied (\(report.copiedBytes) \
        of \(report.bytes) bytes)
        """)
    } catch let error as StorageError {
      progress.finish()
      fail(error, code: exitCode(error))
    }
  }

  private static func line(_ state: BackupProgress) -> String {
    guard !state.isVerifying else {
      return "verified \(state.rowsetsVerified) of \(state.rowsetsTotal) rowsets"
    }
    let percent = state.bytesDone * 100 / max(1, state.bytesTotal)
    return "\(percent) %, \(state.filesDone) of \(state.filesTotal) files"
  }

  private func exitCode(_ error: StorageError) -> Int32 {
    switch error {
    case .damaged, .corrupt: 1
    case .invalidArgument, .alreadyExists: 64
    case .notAStore, .storeLocked, .unsupportedFormat: 66
    case .io(_, let path, _, _): path.hasPrefix(source) ? 66 : 73
    default: 73
    }
  }
}
