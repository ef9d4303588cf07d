import ArgumentParser

struct SustainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sustain",
    abstract: "Finds the rate of loads that can be kept up, and whether 95 % of it is stable.",
    discussion: """
      The two-phase protocol of Luo and Carey. First a closed system: writers load as fast as \
      they are let, which gives a maximum after a warm-up. Then an open one: loads are due at a \
      constant 95 % of it, whether or not earlier ones are done, and time in the queue counts. \
      The maximum is worth something only if the second phase is stable.

      EXAMPLES
        bench sustain --policy tiered --policy leveled --scheduler fair --scheduler greedy
        bench sustain engine --policy gradient --seconds 20 --rows-per-load 5000
      """,
    subcommands: [SustainSimulatedCommand.self, SustainEngineCommand.self],
    defaultSubcommand: SustainSimulatedCommand.self)
}
