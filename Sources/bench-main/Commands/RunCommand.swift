import ArgumentParser
import StorageIO

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Runs the main job under one policy (the default command).",
    discussion: """
      Writers stream small loads into a table on disk, each load one version, durable before it \
      is acknowledged; readers run dashboard queries on snapshots; compaction runs beside them. \
      Arrivals are open-loop: latencies count from the moment an operation was due. At the end \
      every acknowledged row is counted and summed again.

      With --clients there are many of them, on few threads. Each has one operation in flight at \
      most, and one that becomes due meanwhile waits with its client. A load has a label and rows \
      of its own and is durable before it is acknowledged; loads that come together share a \
      version. What is due waits in a bounded line of its workload group (loads, lookups, \
      dashboards, scans), and is refused where that is full or its time is over.

      EXAMPLES
        bench run --clients 50000 --write-share 0.2 --mix dashboard --rate 5000
        bench run --clients 5 --rows-per-load 1000 --load-rate 100 --query-rate 0 --preload 1000000
        bench run --policy gradient:min_deltas=10 --seconds 60 --writers 50
        bench run --policy full:k=8 --loads-per-second 1000 --rows-per-load 100
        bench run --policy none --back-pressure none
        bench run --policy gradient --trace /tmp/run.trace
            for bench replay and bench explain
        bench run --loads-per-second 0 --rows-per-load 50 --back-pressure smooth:soft=0.25
      """)

  @Option(help: "name or name:key=value,key=value; see bench policies.")
  var policy = "gradient"

  @Option(help: "Records every load, merge and question to the policy in this file.")
  var trace: String?

  @OptionGroup var options: JobOptions

  @OptionGroup var clientOptions: ClientOptions

  func run() throws {
    try withErrorsReported {
      let interrupt = try InterruptFlag.installingSignalHandlers()
      var settings = try options.settings(policy: policy)
      if let clients = clientOptions.settings {
        settings.rowsPerLoad = options.rowsPerLoad ?? 10
        return try run(settings, clients, interrupt)
      }
      settings.traceFile = trace
      let job = try MainJob(settings, interrupt: interrupt)
      let report = try job.run()
      print(report.text)
      if interrupt.isSet { throw ExitCode(interrupt.exitStatus) }
      if !report.isSound { throw ExitCode(1) }
    }
  }

  private func run(
    _ settings: JobSettings, _ clients: ClientSettings, _ interrupt: InterruptFlag
  ) throws {
    let report = try ClientJob(settings, clients, interrupt: interrupt).run()
    print(report.text)
    if interrupt.isSet { throw ExitCode(interrupt.exitStatus) }
    if !report.isSound { throw ExitCode(1) }
  }
}
