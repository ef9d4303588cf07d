import ArgumentParser
import QueryEngine
import StorageBase
import TabletEngine
import TabletModel

struct DeleteCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "delete",
    abstract: "Deletes the rows of a table with unique keys that meet a condition.",
    discussion: """
      The condition is what stands after WHERE in a statement. The rows that meet it are deleted \
      in one version, as durable as the table's loads are; older versions can be read as long as \
      they are kept, and compaction gives the room back.

      With --label the deletion is recognised when it is sent again, and refused. To delete rows \
      by keys that are in a file, load it with --merge-type delete.

      EXAMPLES
        sediment delete DIR --table users --where "last_seen < '2020-01-01'"
        sediment delete DIR --table users --where "id in (17, 18)" --label gdpr-17
        sediment load DIR --table users --input gone.csv --merge-type delete

      EXIT CODES
        0 done   64 wrong arguments or condition   65 the label is in use
        66 the table does not allow it, or the store cannot be read
      """)

  @OptionGroup var store: StoreArgument

  @Option(help: "The table.")
  var table: String

  @Option(name: .customLong("where"), help: "Which rows: a condition as in SQL; true for all.")
  var condition: String

  @Option(help: "A name under which the deletion happens once.")
  var label = ""

  func run() throws {
    let opened = store.open()
    do {
      let receipt = try opened.delete(from: table, where: condition, label: label)
      print(
        "\(receipt.rowCount) rows deleted from \(table)"
          + (receipt.sequence == 0 ? "" : ", commit \(receipt.sequence), \(receipt.durability)"))
    } catch let error as SQLError {
      fail(error, code: 64)
    } catch let error as TransactionError {
      fail(error, code: 65)
    } catch {
      fail(error, code: 66)
    }
  }
}
