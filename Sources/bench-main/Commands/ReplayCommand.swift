import ArgumentParser
import BenchKit
import CompactionPolicies
import Glibc
import PolicyLab
import StorageBase
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
        bench replay /tmp/run.trace --verify
            asks the policy that was recorded again, on the recorded facts, and compares
      """)

  @Argument(help: "The trace.")
  var file: String

  @Option(help: "name or name:key=value,key=value; without it the policy that was recorded.")
  var policy: String?

  @Flag(help: "Compares the decisions of the policy with those recorded, question by question.")
  var verify = false

  @OptionGroup var options: ReplayOptions

  func run() throws {
    try withErrorsReported {
      let trace = try CompactionTrace(path: file)
      let configured = try PolicyCatalogue.shipped.policy(try spec(for: trace))
      if verify { return try compare(trace, configured) }
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
    let workload = try TracedWorkload(of: trace)
    let calibration = TraceCalibration(of: trace)
    var model = try options.model(calibration)
    model.replay(workload)
    model.rowsetSizes = calibration.sizes
    let runID = "replay-\(configured.name)-\(workload.loads.count)"
    let lists = TimedLists(
      runID: runID, costs: model.costs, queries: model.queries)
    let report = TimedReport(
      model: model,
      run: try model.run(
        configured.policy, loadCount: workload.loads.count,
        observer: options.wantsLists ? lists.observer(every: options.interval) : nil),
      policy: configured)
    if let timeline = options.timeline { try save(lists.timelineText, timeline) }
    if let merges = options.merges { try save(lists.mergesText, merges) }
    guard let csv = options.csv else {
      print(report.text)
      print("  recorded     \(try recorded(trace))")
      return
    }
    var row = report.summary
    row.runID = runID
    row.workload = "replay"
    row.gitRevision = GitRevision.capture(at: sourceRoot)?.short
    let lines = SummaryRow.header + "\n" + row.line + "\n"
    try csv == "-"
      ? writeAll(lines, to: STDOUT_FILENO, name: "standard output") : save(lines, csv)
  }
}

/// What compaction did in a trace.
private func recorded(_ trace: CompactionTrace) throws -> String {
  let figures = try TracedFigures(of: trace)
  return "\(trace.origin.policy ?? "unknown policy"): \(figures.mergeCount) merges wrote "
    + "\(formatBytes(figures.mergeWrittenByteCount)), write amp "
    + "\(formatFixed(figures.writeAmplification, places: 3)), components mean "
    + formatFixed(figures.componentMean, places: 3)
}

/// The system a trace is replayed on.
struct ReplayOptions: ParsableArguments {
  @Option(help: "Loads at a time.")
  var writers = 64

  @Option(help: "Versions of a tablet above which loads are refused.")
  var versionLimit = 2000

  @Option(help: "smooth, hard or none; see bench policies.")
  var backPressure = "smooth"

  @Option(help: "fair or greedy, with slots: fair:cumulative=2,base=1.")
  var scheduler = "fair:cumulative=1,base=1"

  @Option(
    help: """
      What things take, as for bench simulate timed; without it merges take what those of the \
      trace took. Loads take no time.
      """)
  var costs: String?

  @Option(help: "Bytes of the key space of a tablet, in MiB; 0 if every load brings new keys.")
  var overlapMib = 0

  @Option(
    help: "Queries per second on all tablets, or shift; they pay for components, slow nothing.")
  var queries = "0"

  @Option(help: "Where chance comes from.")
  var seed: UInt64 = 1

  @Option(help: "Writes the summary row to this file; - for standard output.")
  var csv: String?

  @Option(help: "Writes a row for each interval to this file.")
  var timeline: String?

  @Option(help: "Virtual seconds of such an interval.")
  var interval = 1.0

  @Option(help: "Writes a row for each merge, with the policy's reason, to this file.")
  var merges: String?

  func validate() throws {
    for (name, value) in [("writers", writers), ("version-limit", versionLimit - 1)]
    where value < 1 {
      throw ValidationError("--\(name) is too small")
    }
    guard interval > 0 else { throw ValidationError("--interval must be positive") }
    guard overlapMib >= 0 else { throw ValidationError("--overlap-mib is not negative") }
  }

  var wantsLists: Bool { timeline != nil || merges != nil }

  /// Without loads, which come from the trace.
  func model(_ calibration: TraceCalibration) throws -> TimedModel {
    var model = TimedModel()
    model.overlap = overlapMib == 0 ? .none : .uniform(spaceByteCount: overlapMib << 20)
    model.writerCount = writers
    model.versionLimit = versionLimit
    model.backPressure = try BackPressure(spec: backPressure)
    model.scheduler = try ConfiguredScheduler(spec: scheduler).rules
    if let costs {
      model.costs = try CostModel(list: costs)
    } else {
      calibration.apply(to: &model.costs)
    }
    model.queries = try QueryProcess(spec: queries)
    model.seed = seed
    return model
  }
}
