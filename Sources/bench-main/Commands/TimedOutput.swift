import ArgumentParser
import BenchKit
import CompactionPolicies
import Glibc
import PolicyLab
import Studies

/// Where a run in virtual time writes what comes of it.
struct TimedOutput: ParsableArguments {
  @Option(help: "Writes the summary row to this file; - for standard output.")
  var csv: String?

  @Option(help: "Writes a row for each interval to this file.")
  var timeline: String?

  @Option(help: "Virtual seconds of such an interval.")
  var interval = 1.0

  @Option(help: "Writes a row for each merge, with the policy's reason, to this file.")
  var merges: String?

  @Option(help: "Records every load, merge and question to the policy in this file.")
  var trace: String?

  func validate() throws {
    guard interval > 0 else { throw ValidationError("--interval must be positive") }
  }

  /// Runs a policy and writes the lists and the trace that are wanted of it.
  func report(
    _ model: TimedModel, _ policy: ConfiguredPolicy, loadCount: Int, runID: String
  ) throws -> TimedReport {
    let lists = TimedLists(runID: runID, costs: model.costs, queries: model.queries)
    let wantsLists = timeline != nil || merges != nil
    var observer = wantsLists ? lists.observer(every: interval) : nil
    let file = try trace.map { path in
      let origin = TraceOrigin(source: "timed", policy: policy.spec, seed: model.seed)
      return try TraceFile(path: path, origin: origin)
    }
    if let file {
      observer = observer ?? TimedObserver(sampleSeconds: .infinity)
      observer?.onTrace = { file.add($0) }
    }
    let run = try model.run(policy.policy, loadCount: loadCount, observer: observer)
    try file?.flush()
    if let timeline { try save(lists.timelineText, timeline) }
    if let merges { try save(lists.mergesText, merges) }
    return TimedReport(model: model, run: run, policy: policy)
  }

  /// Writes the summary row if it is wanted.
  /// - Returns: whether it was.
  func write(_ row: SummaryRow, scheduler: String) throws -> Bool {
    guard let csv else { return false }
    var row = row
    row.scheduler = try ConfiguredScheduler(spec: scheduler).fullSpec
    row.gitRevision = GitRevision.capture(at: sourceRoot)?.short
    let lines = SummaryRow.header + "\n" + row.line + "\n"
    try csv == "-"
      ? writeAll(lines, to: STDOUT_FILENO, name: "standard output") : save(lines, csv)
    return true
  }
}
