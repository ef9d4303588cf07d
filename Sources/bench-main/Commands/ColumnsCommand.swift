import ArgumentParser
import BenchKit

struct ColumnsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "columns", abstract: "Explains every column of the CSV files.")

  func run() {
    describe(SummaryRow.self, "one row per run")
    describe(TimelineRow.self, "one row per interval")
    describe(OperationRow.self, "one row per kind of operation")
    describe(CompactionRow.self, "one row per compaction")
    describe(SweepRow.self, "one row per run of a sweep, after the columns of summary.csv")
    describe(SustainRow.self, "one row per phase, after the columns of summary.csv")
  }

  private func describe<Row: CSVRow>(_ row: Row.Type, _ what: String) {
    print("\(Row.fileName): \(what)")
    var table = TextTable([
      .init("  column", .leading), .init("unit", .leading), .init("meaning", .leading),
    ])
    for column in Row.columnDescriptions {
      table.append(["  " + column.name, column.unit, column.meaning])
    }
    print(table.text)
    print("")
  }
}
