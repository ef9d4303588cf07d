import ArgumentParser

@main
struct Sediment: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sediment",
    abstract: "Looks into the tables that Sediment keeps on disk.",
    discussion: """
      EXAMPLES
        sediment inspect DIR                  tables, tablets, rowsets, segments
        sediment inspect DIR --pages          every page with its encoding and sizes
        sediment query DIR --table orders --group-by status --sum amount
        sediment verify DIR                   every checksum, every invariant

      EXIT CODES
        0 done   1 damage was found   64 wrong arguments   66 cannot be read
      """,
    subcommands: [InspectCommand.self, QueryCommand.self, VerifyCommand.self])
}
