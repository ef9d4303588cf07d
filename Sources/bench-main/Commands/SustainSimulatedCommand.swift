import ArgumentParser
import BenchKit
import CompactionPolicies
import PolicyLab
import StorageIO
import Studies

struct SustainSimulatedCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulated",
    abstract: "The two phases in virtual time (the default).",
    discussion: """
      EXAMPLES
        bench sustain --policy tiered --policy binomial:k=4 --scheduler fair --scheduler greedy
        bench sustain --policy gradient --costs bandwidth_mib_s=100 --out sustain
      """)

  @Option(help: "name or name:key=value,key=value; give it again for more.")
  var policy: [String] = ["gradient"]

  @Option(help: "name or name:key=value,key=value; see bench schedulers. Give it again for more.")
  var scheduler: [String] = ["fair"]

  @Option(help: "The scheduler of the first phase; the same with fair shares unless told.")
  var testingScheduler: String?

  @Option(help: "Loads of each phase.")
  var loads = 20_000

  @Option(help: "How large loads are; see bench simulate timed.")
  var sizes = "constant:kib=1024"

  @Option(help: "Bytes of the key space of a tablet, in MiB; 0 if every load brings new keys.")
  var overlapMib = 0

  @Option(help: "Tablets; loads go to them in turn.")
  var tablets = 1

  @Option(help: "Loads at a time.")
  var writers = 4

  @Option(help: "Versions of a tablet above which loads are refused.")
  var versionLimit = 50

  @Option(help: "smooth, hard or none; see bench policies. Here loads rather wait than give up.")
  var backPressure = "smooth:patience=3600"

  @Option(help: "What things take: key=value,key=value; see bench simulate timed.")
  var costs = "bandwidth_mib_s=400"

  @Option(help: "duplicate, or unique: some policies never rewrite large rowsets of the former.")
  var keys = "duplicate"

  @Option(help: "How often queries come; they pay for components and slow nothing.")
  var queries = "0"

  @Option(help: "Part of the maximum that is offered in the second phase.")
  var share = 0.95

  @Option(help: "What the 99th percentile of loads may take in a stable system, in seconds.")
  var p99Limit = 10.0

  @Option(help: "Where chance comes from.")
  var seed: UInt64 = 1

  @Option(help: "Writes sustain.csv, with a row for each phase, into this folder.")
  var out: String?

  func validate() throws {
    guard loads >= 100 else { throw ValidationError("--loads is \(loads); give at least 100") }
    guard tablets >= 1, writers >= 1, versionLimit >= 2, overlapMib >= 0
    else {
      throw ValidationError(
        "--tablets, --writers, --version-limit or --overlap-mib is too small")
    }
    guard share > 0, share <= 10, p99Limit > 0 else {
      throw ValidationError("--share and --p99-limit must be positive")
    }
    guard SweepPoint.keysNames.contains(keys) else {
      throw ValidationError("--keys is \(keys); write unique or duplicate")
    }
  }

  func run() throws {
    try withErrorsReported {
      let points = scheduler.flatMap { scheduler in
        policy.map { point(policy: $0, scheduler: scheduler) }
      }
      // What cannot be understood is found out before anything runs.
      for point in points { try point.validate() }
      let testing = try testingScheduler.map { try ConfiguredScheduler(spec: $0).rules }
      let revision = GitRevision.capture(at: sourceRoot)?.short
      let interrupt = try InterruptFlag.installingSignalHandlers()
      let progress = ProgressReporter(clock: SystemClock())
      var report = SustainReport()
      for (index, point) in points.enumerated() {
        progress.update("\(index) of \(points.count) done, now \(point.policy), \(point.scheduler)")
        var phases = TwoPhaseProtocol(try point.timedModel(), loadCount: loads)
        if let testing { phases.testingScheduler = testing }
        phases.rateShare = share
        phases.latencyMaxSeconds = p99Limit
        let policy = try PolicyCatalogue.shipped.policy(point.policy)
        let result = try phases.run(policy.policy) {
          if interrupt.isSet { throw ExitCode(interrupt.exitStatus) }
        }
        try report.append(result, of: point, policy: policy, gitRevision: revision)
      }
      progress.finish()
      if let out {
        try createDirectories(out)
        try save(report.csv, "\(out)/\(SustainRow.fileName)")
      }
      print(report.text)
    }
  }

  private func point(policy: String, scheduler: String) -> SweepPoint {
    var point = SweepPoint()
    point.workload = "sustain"
    point.policy = policy
    point.scheduler = scheduler
    point.arrivals = "closed"
    point.sizes = sizes
    point.overlapMebibytes = overlapMib
    point.tabletCount = tablets
    point.writerCount = writers
    point.loadCount = loads
    point.keys = keys
    point.queries = queries
    point.costs = costs
    point.backPressure = backPressure
    point.versionLimit = versionLimit
    point.seed = seed
    return point
  }
}
