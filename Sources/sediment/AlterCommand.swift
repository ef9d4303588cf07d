import ArgumentParser
import StorageBase
import TabletEngine

struct AlterCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "alter",
    abstract: "Adds, drops, renames and widens columns of a table without rewriting its rows.",
    discussion: """
      All changes together or none, in this order: drops, renames, wider types, nullability, new
      columns. Rows stay on disk as they are and are read under the new schema; the next compaction
      writes them anew. A dropped column's values are gone for good: one that is added later with
      its name is another column.

      A new column is nullable unless told; rows that are there have its default, or null. Columns
      of the sort key and those that rows are spread over tablets by can only be renamed. Types
      become wider: int8 to int16 to int32 to int64, float to double, decimal(p,s) to more digits.

      EXAMPLES
        sediment alter DIR orders --add 'discount decimal(5,2)'
        sediment alter DIR orders --add "source string not null default 'web shop' after status"
        sediment alter DIR orders --drop note --rename amount=total
        sediment alter DIR orders --widen 'quantity int64' --nullable quantity

      EXIT CODES
        0 done   64 wrong arguments   66 the table does not allow it, or the store cannot be read
      """)

  @OptionGroup var store: StoreArgument

  @Argument(help: "The table.")
  var table: String

  @Option(help: "Adds a column: 'NAME TYPE [not null] [default VALUE] [after COLUMN]'.")
  var add: [String] = []

  @Option(help: "Drops a column, its filters and its index.")
  var drop: [String] = []

  @Option(help: "Renames a column: OLD=NEW.")
  var rename: [String] = []

  @Option(help: "Gives a column a wider type: 'NAME TYPE'.")
  var widen: [String] = []

  @Option(help: "Lets a column hold nulls.")
  var nullable: [String] = []

  func validate() throws {
    guard !(add + drop + rename + widen + nullable).isEmpty else {
      throw ValidationError("give a change: --add, --drop, --rename, --widen or --nullable")
    }
    for pair in rename where pair.split(separator: "=").count != 2 {
      throw ValidationError("--rename takes OLD=NEW, not '\(pair)'")
    }
  }

  func run() throws {
    let opened = store.open()
    do {
      let version = try opened.alter(table: table, changes())
      let count = try opened.snapshot(of: table).definition.schema.columns.count
      print("table \(table) has schema version \(version) with \(count) columns")
    } catch {
      fail(error, code: 66)
    }
  }

  private func changes() throws -> [SchemaChange] {
    try drop.map { .dropColumn($0) }
      + rename.map { pair in
        let names = pair.split(separator: "=").map(String.init)
        return .renameColumn(names[0], to: names[1])
      } + widen.map { try ColumnClause($0).widening() } + nullable.map { .makeNullable($0) }
      + add.map { try ColumnClause($0).addition() }
  }
}
