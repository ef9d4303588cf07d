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

  @OptionGroup var output: TimedOutput

  func validate() throws {
    for (name, value) in [
      ("loads", loads), ("tablets", tablets), ("writers", writers),
      ("version-limit", versionLimit - 1),
    ] where value < 1 {
      throw ValidationError("--\(name) is too small")
    }
    guard overlapMib >= 0 else { throw ValidationError("--overlap-mib is not negative") }
    guard SweepPoint.keysNames.contains(keys) else {
      throw ValidationError("--keys is \(keys); write unique or duplicate")
    }
  }

  func run() throws {
    try withErrorsReported {
      let configured = try PolicyCatalogue.shipped.policy(policy)
      let report = try output.report(
        try point.timedModel(), configured, loadCount: loads,
        runID: "timed-\(configured.name)-\(loads)")
      if try !output.write(report.summary, scheduler: scheduler) { print(report.text) }
    }
  }

  private var point: SweepPoint {
    var point = SweepPoint()
    point.policy = policy
    point.arrivals = arrivals
    point.sizes = sizes
    point.overlapMebibytes = overlapMib
    point.queries = queries
    point.tabletCount = tablets
    point.writerCount = writers
    point.loadCount = loads
    point.versionLimit = versionLimit
    point.backPressure = backPressure
    point.scheduler = scheduler
    point.costs = costs
    point.keys = keys
    point.seed = seed
    return point
  }
}
