import ArgumentParser

@main
struct Sediment: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sediment",
    abstract: "Fills tables, asks them, and looks into what Sediment keeps on disk.",
    discussion: """
      EXAMPLES
        sediment load DIR --input orders.csv  a table from a CSV file
        sediment transactions DIR             what waits to be committed
        sediment inspect DIR                  tables, tablets, rowsets, segments
        sediment inspect DIR --pages          every page with its encoding and sizes
        sediment query DIR "select status, count(*) from orders group by status"
        sediment delete DIR --table users --where "last_seen < '2020-01-01'"
        sediment alter DIR orders --add 'discount decimal(5,2)'
        sediment compact DIR                  every tablet merged into one rowset
        sediment verify DIR                   every checksum, every invariant
        sediment backup DIR /backups/monday   a copy of this moment, in links or bytes
        sediment restore /backups/monday DIR  the way back

      EXIT CODES
        0 done   1 damage was found   64 wrong arguments   65 a transaction does not allow it
        66 cannot be read   73 cannot be written   130 interrupted
      """,
    subcommands: [
      LoadCommand.self, IngestCommand.self, TransactionsCommand.self, InspectCommand.self,
      QueryCommand.self,
      DeleteCommand.self, AlterCommand.self, CompactCommand.self, VerifyCommand.self,
      BackupCommand.self, RestoreCommand.self,
    ])
}
