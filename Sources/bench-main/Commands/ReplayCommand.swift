import ArgumentParser
import BenchKit
import CompactionPolicies
import Glibc
import PolicyLab
import StorageBase
import StorageIO
import Studies
import TabletModel

struct ReplayCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract: "Runs a policy on the loads of a recorded trace.",
    discussion: """
      A trace is recorded by --trace of bench run and bench simulate timed, or made from the \
      records of another system by bench import-trace. The loads go to the tablets they went to, \
      with the sizes and at the times recorded; what compaction did then is left out.

      EXAMPLES
        bench replay /tmp/run.trace --policy tiered:t=8
            in virtual time, with the figures of bench simulate timed
        bench replay /tmp/run.trace --policy leveled --csv - --costs bandwidth_mib_s=50
        bench replay /tmp/run.trace --policy tiered:t=8 --real --speed 10 --trace /tmp/again.trace
            into a store on disk, ten times as fast, and recorded in its turn
        bench replay /tmp/run.trace --verify
            asks the policy that was recorded again, on the recorded facts, and compares
      """)

  @Argument(help: "The trace.")
  var file: String

  @Option(help: "name or name:key=value,key=value; without it the policy that was recorded.")
  var policy: String?

  @Flag(help: "Compares the decisions of the policy with those recorded, question by question.")
  var verify = false

  @Flag(help: "Loads generated rows into a real store instead of running in virtual time.")
  var real = false

  @OptionGroup var options: ReplayOptions

  @OptionGroup var output: TimedOutput

  func run() throws {
    try withErrorsReported {
      let trace = try CompactionTrace(path: file)
      let configured = try PolicyCatalogue.shipped.policy(try spec(for: trace))
      if verify { return try compare(trace, configured) }
      if real { return try load(trace, configured) }
      try simulate(trace, configured)
    }
  }

  private func spec(for trace: CompactionTrace) throws -> String {
    guard let spec = policy ?? trace.origin.policy else {
      throw StorageError.invalidArgument(
        name: "--policy", value: "(none)", reason: "\(file) does not say which policy was asked")
    }
    return spec
  }

  private func compare(_ trace: CompactionTrace, _ configured: ConfiguredPolicy) throws {
    let agreement = try TraceAgreement(of: trace, with: configured.policy)
    let differences = agreement.differences
    let isEqual = differences.isEmpty
    print(
      """
      \(configured.spec): \(agreement.questionCount) questions, \(agreement.pickingCount) with \
      picks, and \(agreement.pointCount) cumulative points: \
      \(isEqual ? "all as recorded" : "\(differences.count) not as recorded")
      """)
    for difference in differences.prefix(5) {
      // The first event is on the second line.
      print("  line \(difference.event + 2), tablet \(difference.tablet)")
      print("    recorded \(difference.recorded)")
      print("    now      \(difference.found)")
    }
    if !isEqual { throw ExitCode(1) }
  }

  private func simulate(_ trace: CompactionTrace, _ configured: ConfiguredPolicy) throws {
    var model = try options.model()
    let workload = try model.follow(trace, takesTimes: options.costs == nil)
    let runID = "replay-\(configured.name)-\(workload.loads.count)"
    let report = try output.report(
      model, configured, loadCount: workload.loads.count, runID: runID)
    var row = report.summary
    row.runID = runID
    row.workload = "replay"
    if try output.write(row, scheduler: options.scheduler) { return }
    print(report.text)
    if workload.loads.isEmpty {
      print(
        "  no loads     from where the tablets stand, merges wrote "
          + "\(formatBytes(report.run.quiesceWrittenByteCount)) until nothing was wanted any more")
    } else {
      print("  recorded     \(try RecordedMerges(trace).text)")
    }
  }

  private func load(_ trace: CompactionTrace, _ configured: ConfiguredPolicy) throws {
    let interrupt = try InterruptFlag.installingSignalHandlers()
    let workload = try TracedWorkload(of: trace)
    let settings = try options.storeSettings()
    let data = try DataDirectory(options.data, runID: "replay-\(configured.name)")
    defer { data.removeIfTemporary() }
    let file = try output.trace.map { path in
      let origin = TraceOrigin(source: "engine", policy: configured.spec, seed: options.seed)
      return try TraceFile(path: path, origin: origin)
    }
    let replay = try StoreReplay(
      workload, under: configured, settings: settings, path: data.path, trace: file)
    try replay.run(interrupt: interrupt)
    let report = try StoreReplayReport(
      replay, configured, settings, loadCount: workload.loads.count)
    if try !output.write(report.summary, scheduler: options.scheduler) {
      print(report.text)
      print("  recorded     \(try RecordedMerges(trace).text)")
    }
    if interrupt.isSet { throw ExitCode(interrupt.exitStatus) }
    if !report.isSound { throw ExitCode(1) }
  }
}
