import ArgumentParser
import BenchKit
import CompactionPolicies
import Glibc
import PolicyLab
import StorageBase
import Studies
import TabletModel

struct SimulateTimedCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "timed",
    abstract: "Runs a policy against the clock: merges take time, writers wait, queries pay.",
    discussion: """
      Time is virtual: the same arguments give the same figures, to the last digit, anywhere.

      EXAMPLES
        bench simulate timed --policy gradient --loads 100000
        bench simulate timed --policy tiered:t=8 --arrivals bursty:per_s=200,on_s=5,off_s=20 \\
            --sizes log-normal:median_kib=256,sigma=1.5 --overlap-mib 4096
        bench simulate timed --policy leveled --scheduler greedy:cumulative=4 \\
            --costs bandwidth_mib_s=100,cpu_mib_s=50 --queries 500 --csv -
        bench simulate timed --policy exploring --arrivals closed
            what the system can take at most

      ARRIVALS constant, poisson: per_s; bursty: per_s, on_s, off_s; closed; \
      shift: per_s, then_per_s, at_s
      QUERIES  a number; shift: per_s, then_per_s, at_s
      SIZES    constant: kib; log-normal: median_kib, sigma; mixed: small_kib, large_kib, share
      COSTS    load_ms, load_mib_s, merge_ms, read_mib_s, write_mib_s, cpu_mib_s, \
      bandwidth_mib_s, query_ms, component_ms
      """)

  @Option(help: "name or name:key=value,key=value; see bench policies.")
  var policy = "gradient"

  @Option(help: "How many loads arrive.")
  var loads = 100_000

  @Option(help: "When loads are due.")
  var arrivals = "poisson:per_s=20"

  @Option(help: "How large loads are.")
  var sizes = "constant:kib=1024"

  @Option(help: "Bytes of the key space of a tablet, in MiB; 0 if every load brings new keys.")
  var overlapMib = 0

  @Option(help: "Tablets; loads go to them in turn.")
  var tablets = 1

  @Option(help: "Loads at a time.")
  var writers = 4

  @Option(help: "Versions of a tablet above which loads are refused.")
  var versionLimit = 500

  @Option(help: "smooth, hard or none; see bench policies.")
  var backPressure = "smooth"

  @Option(help: "name or name:key=value,key=value; see bench schedulers.")
  var scheduler = "fair"

  @Option(help: "What things take: key=value,key=value.")
  var costs = ""

  @Option(
    help: "Queries per second on all tablets, or shift; they pay for components, slow nothing.")
  var queries = "0"

  @Option(help: "duplicate, or unique: some policies never rewrite large rowsets of the former.")
  var keys = "duplicate"

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

  @Option(help: "Records every load, merge and question to the policy in this file.")
  var trace: String?

  func validate() throws {
    for (name, value) in [
      ("loads", loads), ("tablets", tablets), ("writers", writers),
      ("version-limit", versionLimit - 1),
    ] where value < 1 {
      throw ValidationError("--\(name) is too small")
    }
    guard interval > 0 else { throw ValidationError("--interval must be positive") }
    guard overlapMib >= 0 else { throw ValidationError("--overlap-mib is not negative") }
    guard ["unique", "duplicate"].contains(keys) else {
      throw ValidationError("--keys is \(keys); write unique or duplicate")
    }
  }

  func run() throws {
    try withErrorsReported {
      let configured = try PolicyCatalogue.shipped.policy(policy)
      let model = try makeModel()
      let lists = TimedLists(
        runID: "timed-\(configured.name)-\(loads)", costs: model.costs,
        queries: model.queries)
      let wantsLists = timeline != nil || merges != nil
      var observer = wantsLists ? lists.observer(every: interval) : nil
      let file = try trace.map { path in
        let origin = TraceOrigin(source: "timed", policy: configured.spec, seed: seed)
        return try TraceFile(path: path, origin: origin)
      }
      if let file {
        observer = observer ?? TimedObserver(sampleSeconds: .infinity)
        observer?.onTrace = { file.add($0) }
      }
      let report = TimedReport(
        model: model,
        run: try model.run(configured.policy, loadCount: loads, observer: observer),
        policy: configured)
      try file?.flush()
      if let timeline { try save(lists.timelineText, timeline) }
      if let merges { try save(lists.mergesText, merges) }
      guard let csv else {
        print(report.text)
        return
      }
      var row = report.summary
      row.scheduler = try ConfiguredScheduler(spec: scheduler).fullSpec
      row.gitRevision = GitRevision.capture(at: sourceRoot)?.short
      let lines = SummaryRow.header + "\n" + row.line + "\n"
      try csv == "-"
        ? writeAll(lines, to: STDOUT_FILENO, name: "standard output") : save(lines, csv)
    }
  }

  private func makeModel() throws -> TimedModel {
    var model = TimedModel()
    model.arrivals = try ArrivalProcess(spec: arrivals)
    model.sizes = try LoadSizes(spec: sizes)
    model.overlap = overlapMib == 0 ? .none : .uniform(spaceByteCount: overlapMib << 20)
    model.queries = try QueryProcess(spec: queries)
    model.tabletCount = tablets
    model.writerCount = writers
    model.versionLimit = versionLimit
    model.backPressure = try BackPressure(spec: backPressure)
    model.scheduler = try ConfiguredScheduler(spec: scheduler).rules
    model.costs = try CostModel(list: costs)
    model.keysModel = keys == "unique" ? .unique : .duplicate
    model.seed = seed
    return model
  }
}
