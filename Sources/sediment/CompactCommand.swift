import ArgumentParser
import BenchKit
import CompactionPolicies
import StorageBase
import StorageIO
import TabletEngine
import TabletModel

struct CompactCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compact",
    abstract: "Merges rowsets of tables now, all of them or what a policy wants.",
    discussion: """
      Without --policy every tablet's rowsets of the kind become one: all of them (full), those \
      before the cumulative point (base), or those from it on (cumulative). Rows that newer ones \
      have replaced go, and with full and base so do deletions. With --policy the policy is asked, \
      until it wants nothing more of the kind, or with full nothing at all.

      A tablet is done or as it was: an interruption loses nothing and leaves no files. What was \
      replaced can be read as history for a while, and goes with a later load or compaction.

      EXAMPLES
        sediment compact DIR
        sediment compact DIR --table orders --kind base
        sediment compact DIR --policy gradient:min_deltas=2 --kind cumulative

      EXIT CODES
        0 done   1 the store is damaged   64 wrong arguments   66 cannot be read
        73 cannot be written   130 interrupted
      """)

  @OptionGroup var store: StoreArgument

  @Option(help: "The table; all of them if it is not given.")
  var table: String?

  @Option(help: "full, base or cumulative.")
  var kind = CompactionKind.full

  @Option(help: "name or name:key=value,key=value: merges what this policy wants.")
  var policy: String?

  func run() throws {
    let configured: ConfiguredPolicy
    do {
      configured = try PolicyCatalogue.shipped.policy(policy ?? "gradient")
    } catch {
      fail(error, code: 64)
    }
    let opened = store.open()
    let tablets: [TabletID]
    do {
      tablets = try tables(of: opened).flatMap(\.tablets).map(\.id)
    } catch {
      fail(error, code: 64)
    }
    try compact(tablets, of: opened, configured.policy)
  }

  private func tables(of store: Store) throws -> [TableSnapshot] {
    guard let table else { return store.snapshot() }
    return [try store.snapshot(of: table)]
  }

  private var goal: CompactionRun.Goal {
    guard policy != nil else { return .everything(kind) }
    return .wanted(kind == .full ? Set(CompactionKind.allCases) : [kind])
  }

  private func compact(
    _ tablets: [TabletID], of store: Store, _ policy: any CompactionPolicy
  ) throws {
    let reporter = ProgressReporter(clock: SystemClock())
    var latest = CompactionRun.Progress()
    do {
      let interrupt = try InterruptFlag.installingSignalHandlers()
      var run = CompactionRun(
        store: store, policy: policy, goal: goal, isCancelled: { interrupt.isSet },
        onProgress: {
          latest = $0
          reporter.update(Self.line($0))
        })
      do {
        let end = try run.run(tablets)
        try store.sweepStaleRowsets()
        reporter.finish()
        print(Self.summary(end))
      } catch is CancellationError {
        reporter.finish(
          "interrupted: \(latest.tabletsDone) of \(latest.tabletsTotal) tablets are done, the "
            + "others are as they were")
        throw ExitCode(interrupt.exitStatus)
      }
    } catch let exit as ExitCode {
      throw exit
    } catch {
      reporter.finish()
      fail(error, code: exitCode(error))
    }
  }

  private static func line(_ progress: CompactionRun.Progress) -> String {
    "\(progress.tabletsDone) of \(progress.tabletsTotal) tablets, "
      + "\(formatBytes(progress.bytesMerged)) merged"
  }

  private static func summary(_ progress: CompactionRun.Progress) -> String {
    guard progress.jobsDone > 0 else {
      return "nothing to merge in \(progress.tabletsTotal) tablets"
    }
    return "\(progress.tabletsTotal) tablets: \(progress.rowsetsReplaced) rowsets merged into "
      + "\(progress.jobsDone), \(formatBytes(progress.bytesMerged)) into "
      + formatBytes(progress.bytesWritten)
  }

  private func exitCode(_ error: any Error) -> Int32 {
    switch error as? StorageError {
    case .damaged, .corrupt: 1
    case .io, .noSpace, .storeFailed: 73
    default: 66
    }
  }
}

extension CompactionKind: ExpressibleByArgument {
  public init?(argument: String) {
    guard let kind = Self.allCases.first(where: { "\($0)" == argument }) else { return nil }
    self = kind
  }

  public static var allValueStrings: [String] { allCases.map { "\($0)" } }
}
