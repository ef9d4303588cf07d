import ArgumentParser

@main
struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measures compaction policies on a real columnar store, or in virtual time.",
    discussion: """
      EXAMPLES
        swift run bench --policy gradient
            the main job: writers, readers and compaction at once; a table, and CSV files
        swift run bench compare --policies gradient,num-based
            the same input and seed under each policy, side by side
        swift run bench --input orders.csv --mapping tpch-orders.yaml --data /tmp/orders
            replays the rows of a file instead of generated ones, and keeps the tables
        swift run bench simulate --policy gradient --flushes 2000 --load-bytes 1MiB --csv -
            what a policy writes and how many components it leaves, exactly, in virtual time
        swift run bench sweep Benchmarks/sweeps/policies.yaml
            policies, parameters, loads, schedulers and seeds, and which runs nothing beats
        swift run bench report bench-results
            the runs in a folder as one HTML page
        swift run bench replay run.trace --policy tiered
        swift run bench explain run.trace --at 12.5
            on what bench run --trace has recorded, or bench import-trace has read
        swift run bench policies | schedulers | workloads | columns
            what there is, with parameters, defaults and meanings

      EXIT CODES
        0 done   1 answers were wrong or operations failed   64 wrong arguments
        66 input cannot be read   70 internal   74 disk   130 interrupted (the CSV is complete)
      """,
    subcommands: [
      RunCommand.self, DashboardCommand.self, OverloadCommand.self,
      CompareCommand.self, SimulateCommand.self,
      SweepCommand.self,
      SustainCommand.self, CalibrateCommand.self, FigureCommand.self, ReportCommand.self,
      PoliciesCommand.self, SchedulersCommand.self, WorkloadsCommand.self,
      ColumnsCommand.self, ScanCommand.self, TextCommand.self,
      CommitCommand.self, KeysCommand.self, UpsertCommand.self, IngestCommand.self,
      LookupCommand.self,
      PartialCommand.self, ReplicasCommand.self, ReplayCommand.self, ExplainCommand.self,
      ImportTraceCommand.self,
    ],
    defaultSubcommand: RunCommand.self)
}
