import ArgumentParser

struct SimulateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate",
    abstract: "Runs policies in virtual time; no disk is touched.",
    discussion: """
      EXAMPLES
        bench simulate --policy gradient --flushes 2000 --load-bytes 1MiB
            what a policy writes and how many components it leaves, exactly
        bench simulate --policy num-based --flushes 2000 --load-bytes 1MiB --csv -
        bench simulate --optimum k=4 --flushes 2000
            the least that any policy can write that keeps at most 4 components
        bench simulate zoo
            the policies of the literature side by side
        bench simulate timed --policy gradient --loads 100000
            merges take time, writers wait, queries pay

      bench simulate flushes --help explains what is done without a name.
      """,
    subcommands: [
      SimulateFlushesCommand.self, SimulateTimedCommand.self, SimulateZooCommand.self,
    ],
    defaultSubcommand: SimulateFlushesCommand.self)
}
