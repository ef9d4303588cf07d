import ArgumentParser
import BenchKit
import Glibc
import PolicyLab
import StorageIO
import Studies

struct SweepCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sweep",
    abstract: "Runs all combinations of policies, workloads, schedulers and seeds of a file.",
    discussion: """
      Runs are simulated, on all cores, unless the file says mode: engine: then the same loads go \
      into a real store, at the times at which they are due, one run after the other, since they \
      would take processors and disk from each other (--engine-jobs). sweep.csv in the folder has \
      a row for each, in the order of the file whatever ended first, and says which belong to the \
      Pareto front of their workload and mode. Finished rows are kept: after Ctrl-C, or a change \
      of the file, the same command runs only what is missing.

      EXAMPLES
        bench sweep Benchmarks/sweeps/policies.yaml
        bench sweep my.yaml --out results/my --jobs 8
        bench sweep my.yaml --dry-run
            how many runs there are, and how many are left
        bench sweep my.yaml --shard 2/3 --out results/part-2
        bench sweep my.yaml --rows results/part-1 --rows results/part-2 --rows results/part-3
            a third of the runs on each of three machines, and then all of them together

      THE FILE
        policies:
          - gradient
          - tiered: {t: [2, 4, 10]}        # three policies
        workloads:
          steady: {arrivals: constant:per_s=20, loads: 20000}
          bursty:
            arrivals: bursty:per_s=100,on_s=5,off_s=20
            sizes: log-normal:median_kib=256
        schedulers: [fair, greedy]
        seeds: 1..3
        modes: [simulated, engine]
      Further keys: model (timed, or flushes for instant merges), overlap_mib, tablets, writers, \
      keys, queries, costs, back_pressure, version_limit. Every value can be a list; \
      names and parameters are those of bench simulate timed. On real files sizes are met by as \
      many generated rows as come to them when encoded, each tablet is a table, overlap needs \
      unique keys, and of costs only the bandwidth does anything: the rest is told to policies.
      """)

  @Argument(help: "The YAML file that says what to run.")
  var file: String

  @Option(help: "The folder of the results; bench-results/sweep-NAME unless told.")
  var out: String?

  @Option(help: "Simulated runs at a time; as many as there are cores unless told.")
  var jobs: Int?

  @Option(help: "Runs on real files at a time; more than one share cores and disk.")
  var engineJobs = 1

  @Option(help: "Where runs on real files keep their tables, each until its end.")
  var data: String?

  @Option(help: "K/N: only every Nth run, from the Kth on, to share a sweep among machines.")
  var shard: String?

  @Option(help: "Takes finished rows of this folder as well; give it again for more.")
  var rows: [String] = []

  @Flag(help: "Forgets the rows of the folder and runs all anew.")
  var fresh = false

  @Flag(help: "Only says what would be run.")
  var dryRun = false

  func validate() throws {
    if let jobs, !(1...1024).contains(jobs) {
      throw ValidationError("--jobs is \(jobs); it must be 1 to 1024")
    }
    guard (1...64).contains(engineJobs) else {
      throw ValidationError("--engine-jobs is \(engineJobs); it must be 1 to 64")
    }
    guard shard == nil || shardParts != nil else {
      throw ValidationError("--shard is \(shard ?? ""); write 2/3 for the second of three parts")
    }
  }

  private var shardParts: (part: Int, count: Int)? {
    let parts = (shard ?? "").split(separator: "/").compactMap { Int($0) }
    guard parts.count == 2, parts[0] >= 1, parts[0] <= parts[1] else { return nil }
    return (parts[0], parts[1])
  }

  private func points(_ text: String) throws -> [SweepPoint] {
    let points = try SweepGrid(yaml: text, path: file).points()
    guard let (part, count) = shardParts else { return points }
    return points.enumerated().filter { $0.offset % count == part - 1 }.map(\.element)
  }

  func run() throws {
    try withErrorsReported {
      let text = try readInput(file)
      let points = try points(text)
      let folder = try SweepFolder(out ?? "bench-results/sweep-\(name)")
      var ledger = SweepLedger()
      if !fresh { try folder.addRows(to: &ledger) }
      for path in rows { try SweepFolder(path).addRows(to: &ledger) }
      let missing = points.filter { !ledger.has($0) }
      if dryRun { return try printPlan(points, missing) }
      let interrupt = try InterruptFlag.installingSignalHandlers()
      try folder.begin(yaml: text, path: file, ledger: ledger)
      let session = SweepSession(
        points: points, missing: missing, ledger: ledger, folder: folder, directory: data,
        weights: try SweepWeights(points), interrupt: interrupt)
      try session.run(
        threadCount: jobs ?? sysconf(Int32(_SC_NPROCESSORS_ONLN)), engineCount: engineJobs)
      try session.report()
    }
  }

  private func printPlan(_ points: [SweepPoint], _ missing: [SweepPoint]) throws {
    var text = "\(points.count) runs, \(missing.count) of them to be done"
    let real = missing.filter { $0.mode == .engine }
    if !real.isEmpty {
      let seconds = try SweepWeights(real).sum(of: real) / Double(engineJobs)
      text += "; \(real.count) on real files, which take about \(formatDuration(seconds: seconds))"
    }
    print(text)
  }

  /// `zoo` of `Benchmarks/sweeps/zoo.yaml`.
  private var name: Substring {
    let last = file.split(separator: "/").last ?? "sweep"
    return last.split(separator: ".").first ?? last
  }
}
