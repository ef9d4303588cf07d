import ArgumentParser
import BenchKit
import StorageBase
import TabletEngine
import TabletModel

struct TransactionsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "transactions",
    abstract: "Lists, commits and aborts loads that have a label or were pre-committed.",
    discussion: """
      Shows the pre-committed loads, which wait for a decision, and those that have ended and are \
      remembered. With --commit or --abort decides one of them, by its id or its label; repeating \
      a decision changes nothing and says so.

      EXAMPLES
        sediment transactions DIR
        sediment transactions DIR --commit 65537
        sediment transactions DIR --abort monday --reason "wrong file"

      EXIT CODES
        0 done   64 wrong arguments   65 the transaction does not allow it   66 cannot be read
      """)

  @OptionGroup var store: StoreArgument

  @Option(help: "Makes the rows of this transaction visible: an id or a label.")
  var commit: String?

  @Option(help: "Drops the rows of this transaction: an id or a label.")
  var abort: String?

  @Option(help: "Why --abort, for those who look later.")
  var reason = "aborted by the client"

  func validate() throws {
    guard commit == nil || abort == nil else {
      throw ValidationError("give either --commit or --abort")
    }
  }

  func run() throws {
    let opened = store.open()
    do {
      if let commit {
        let id = try transaction(commit, in: opened)
        let receipt = try opened.commit(transaction: id)
        print(
          receipt.isRepeated
            ? "transaction [\(id)] is already visible, not pre-committed."
            : "transaction [\(id)] commit successfully: \(receipt.rowCount) rows")
      } else if let abort {
        let id = try transaction(abort, in: opened)
        let receipt = try opened.abort(transaction: id, because: reason)
        print(
          receipt.isRepeated
            ? "transaction [\(id)] is already aborted"
            : "transaction [\(id)] abort successfully.")
      } else {
        list(opened)
      }
    } catch let error as TransactionError {
      fail(error, code: 65)
    } catch {
      fail(error, code: 66)
    }
  }

  /// A number is an id unless it is the label of a transaction.
  private func transaction(_ name: String, in store: Store) throws -> TransactionID {
    if let found = store.transaction(label: name) { return found.id }
    guard let number = UInt64(name) else { throw TransactionError.labelNotFound(name) }
    return TransactionID(rawValue: number)
  }

  private func list(_ store: Store) {
    let transactions = store.allTransactions()
    guard !transactions.isEmpty else { return print("no transactions are remembered") }
    var table = TextTable([
      TextTable.Column("id"), TextTable.Column("state", .leading),
      TextTable.Column("label", .leading), TextTable.Column("began (UTC)", .leading),
      TextTable.Column("since (UTC)", .leading), TextTable.Column("note", .leading),
    ])
    for transaction in transactions {
      var note = transaction.abortReason
      if transaction.state == .visible { note = "commit \(transaction.sequence)" }
      if let deadline = transaction.deadline { note = "aborts itself at \(text(deadline))" }
      table.append([
        "\(transaction.id)", "\(transaction.state)", transaction.label,
        text(transaction.startedAt), text(transaction.changedAt), note,
      ])
    }
    print(table.text, terminator: "")
  }

  private func text(_ time: Timestamp) -> String {
    // Without the microseconds.
    formatDatetime(time.rawValue.flooredDivision(by: 1_000_000) * 1_000_000)
  }
}
