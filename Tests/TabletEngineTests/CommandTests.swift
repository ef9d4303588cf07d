import Foundation
import Glibc
import StorageIO
import Testing

/// The `sediment` command as people and scripts meet it: what it prints, where, and how it ends.
@Suite struct CommandTests {
  private let scratch: ScratchDirectory

  init() throws { scratch = try ScratchDirectory() }

  private var store: String { scratch.path + "/store" }

  private func sediment(_ arguments: String...) throws -> ChildProgram.Outcome {
    try ChildProgram.run("sediment", arguments)
  }

  /// Ends well and complains of nothing; how far it has come is shown on standard error.
  private func succeed(_ arguments: String...) throws -> String {
    let outcome = try ChildProgram.run("sediment", arguments)
    #expect(outcome.exitCode == 0, "\(arguments): \(outcome.errors)")
    #expect(!outcome.errors.contains("sediment: "), "\(arguments)")
    return outcome.output
  }

  private func write(_ name: String, rows: Range<Int>) throws -> String {
    let path = scratch.path + "/" + name
    let lines = rows.map { "\($0),\(["Oslo", "Rome", "Lima"][$0 % 3]),\($0 * 10)\n" }
    try ("id,city,amount\n" + lines.joined()).write(
      toFile: path, atomically: true, encoding: .utf8)
    return path
  }

  private func load(_ rows: Range<Int>, _ options: String...) throws -> ChildProgram.Outcome {
    let path = try write("orders.csv", rows: rows)
    return try ChildProgram.run("sediment", ["load", store, "--input", path] + options)
  }

  /// What a statement gives, a line for each row.
  private func rows(_ statement: String, in directory: String? = nil) throws -> [String] {
    let text = try succeed("query", directory ?? store, statement, "--csv")
    return text.split(separator: "\r\n").dropFirst().map(String.init)
  }

  private func count() throws -> [String] { try rows("select count(*) from orders") }

  /// The number in the first pair of brackets behind "txn" or "transaction".
  private func transaction(in text: String) throws -> String {
    let match = try #require(text.firstMatch(of: /(?:txn|transaction) \[?(\d+)/))
    return String(match.1)
  }

  // MARK: Compaction

  /// Under any scheduler all rows are there; one that does not exist is refused with those that do.
  @Test(arguments: ["single", "greedy:cumulative=2", "doris", "doris-1.0"])
  func loadsRunBesideAnyScheduler(scheduler: String) throws {
    _ = try succeed(
      "load", store, "--generate", "3000", "--rows-per-load", "100", "--scheduler", scheduler,
      "--policy", "tiered:t=2")
    #expect(try count() == ["3000"])
    let refused = try sediment(
      "load", store, "--generate", "1", "--scheduler", "\(scheduler)-x")
    #expect(refused.exitCode == 66 && refused.errors.contains("greedy"), "\(refused.errors)")
  }

  @Test func tabletsAreMergedByCommand() throws {
    for first in [0, 30, 60] { _ = try load(first..<first + 30) }
    let before = try rows("select id, city, amount from orders order by id")
    #expect(try succeed("compact", store, "--kind", "base").hasPrefix("nothing to merge"))
    let output = try succeed("compact", store, "--table", "orders")
    #expect(output.contains("rowsets merged into"), "\(output)")
    #expect(try succeed("compact", store).hasPrefix("nothing to merge"))
    #expect(try rows("select id, city, amount from orders order by id") == before)
    #expect(try succeed("verify", store).contains("no damage found"))
    #expect(
      try succeed("compact", store, "--policy", "tiered:t=2").hasPrefix("nothing to merge"))
  }

  @Test func compactionsThatCannotBeAreRefused() throws {
    _ = try load(0..<3)
    func refuse(_ code: Int32, _ reason: String, _ arguments: String...) throws {
      let outcome = try ChildProgram.run("sediment", ["compact"] + arguments)
      #expect(outcome.exitCode == code && outcome.errors.contains(reason), "\(outcome.errors)")
    }
    try refuse(64, "did you mean orders", store, "--table", "order")
    try refuse(64, "did you mean gradient", store, "--policy", "gradien")
    try refuse(64, "full", store, "--kind", "half")
    try refuse(66, "not a Sediment store", scratch.path)
  }

  // MARK: Schema changes

  @Test func columnsAreChangedWithoutRewriting() throws {
    _ = try load(0..<30)
    let output = try succeed(
      "alter", store, "orders", "--drop", "city", "--rename", "amount=total", "--add",
      "city string not null default 'New York' after id", "--add", "tax decimal(5, 2) default 0.5")
    #expect(output == "table orders has schema version 1 with 4 columns\n")
    #expect(
      try rows("select city, total, tax from orders where id = 7") == ["New York,70,0.50"])
    let shown = try succeed("inspect", store)
    #expect(shown.contains("schema version 1"))
    #expect(shown.contains("column city string, default New York"))
    #expect(shown.contains("column tax decimal(5,2) nullable, default 0.50"))
    #expect(try succeed("verify", store).contains("30 rows"))
  }

  @Test func changesThatDoNotFitAreRefused() throws {
    _ = try load(0..<3)
    func refuse(_ code: Int32, _ reason: String, _ arguments: String...) throws {
      let outcome = try ChildProgram.run("sediment", ["alter", store, "orders"] + arguments)
      #expect(outcome.exitCode == code && outcome.errors.contains(reason), "\(outcome.errors)")
    }
    try refuse(64, "give a change")
    try refuse(64, "--rename takes OLD=NEW", "--rename", "city")
    try refuse(66, "rows are sorted by it", "--drop", "id")
    try refuse(66, "did you mean", "--drop", "cty")
    try refuse(66, "give a name and a type", "--add", "x")
    try refuse(66, "intt", "--add", "x intt")
    try refuse(66, "outside the range of int8", "--add", "x int8 default 300")
    try refuse(66, "is none of: not null", "--add", "x int8 unique")
    try refuse(66, "it has no wider type", "--widen", "city int64")
    #expect(try rows("select count(*) from orders") == ["3"])
  }

  // MARK: Loads and their transactions

  @Test func labelsAreUsedOnce() throws {
    let first = try load(0..<30, "--label", "monday")
    #expect(first.exitCode == 0)
    #expect(first.output.contains("30 rows in one load into orders"))
    #expect(first.output.contains("on disk"))
    let id = try transaction(in: first.output)
    let second = try load(0..<30, "--label", "monday")
    #expect(second.exitCode == 65)
    let match = try #require(
      second.errors.firstMatch(
        of: /Label \[(.*)\] has already been used, relate to txn \[(\d+)\]/))
    #expect(match.1 == "monday" && match.2 == id)
    #expect(try count() == ["30"])
  }

  @Test func loadsOfTwoPhasesAreDecidedLater() throws {
    _ = try load(0..<10)
    var ids: [String] = []
    for label in ["kept", "dropped"] {
      let outcome = try load(10..<25, "--label", label, "--two-phase")
      #expect(outcome.exitCode == 0)
      ids.append(try transaction(in: outcome.output))
      #expect(
        outcome.output.contains("commit with: sediment transactions \(store) --commit \(ids.last!)")
      )
    }
    #expect(try count() == ["10"])
    let waiting = try succeed("transactions", store)
    #expect(waiting.matches(of: /precommitted/).count == 2)
    #expect(waiting.contains("kept") && waiting.contains("aborts itself at"))

    // Each decision, and the same again; by label as well as by id.
    #expect(
      try succeed("transactions", store, "--commit", ids[0])
        == "transaction [\(ids[0])] commit successfully: 15 rows\n")
    #expect(
      try succeed("transactions", store, "--commit", "kept")
        == "transaction [\(ids[0])] is already visible, not pre-committed.\n")
    #expect(
      try succeed("transactions", store, "--abort", "dropped", "--reason", "wrong file")
        == "transaction [\(ids[1])] abort successfully.\n")
    #expect(
      try succeed("transactions", store, "--abort", ids[1])
        == "transaction [\(ids[1])] is already aborted\n")
    #expect(try count() == ["25"])

    // What cannot be decided that way any more, and what there is not.
    let refusals = [
      (
        ["--commit", ids[1]], "transaction [\(ids[1])] is already aborted. abort reason: wrong file"
      ),
      (["--abort", ids[0]], "transaction [\(ids[0])] is already VISIBLE, could not abort."),
      (["--commit", "987654321"], "transaction [987654321] not found"),
      (["--abort", "987654321"], "transaction [987654321] not found"),
      (["--commit", "nobody"], "transaction with label [nobody] not found"),
    ]
    for (options, message) in refusals {
      let outcome = try ChildProgram.run("sediment", ["transactions", store] + options)
      #expect(outcome.exitCode == 65, "\(options)")
      #expect(outcome.output == "", "\(options)")
      #expect(outcome.errors == "sediment: \(message)\n", "\(options)")
    }
    let ended = try succeed("transactions", store)
    #expect(ended.contains("visible") && ended.contains("aborted"))
    #expect(ended.contains("wrong file") && !ended.contains("precommitted"))
    #expect(try count() == ["25"])

    // The label of an aborted load is free.
    #expect(try load(0..<5, "--label", "dropped").exitCode == 0)
    #expect(try count() == ["30"])
  }

  @Test func durabilityIsThatOfTheTable() throws {
    let outcome = try load(0..<20, "--durability", "group:20", "--label", "a")
    #expect(outcome.exitCode == 0)
    #expect(outcome.output.contains("on disk within 20 ms"))
    // The table keeps it.
    #expect(try load(0..<20, "--label", "b").output.contains("on disk within 20 ms"))
    #expect(try count() == ["40"])
    #expect(try load(0..<1, "--durability", "group:0").exitCode == 64)
  }

  // MARK: Reading

  @Test func olderStatesCanBeAsked() throws {
    for load in 0..<3 { _ = try self.load(load * 10..<load * 10 + 10) }
    for sequence in 1...3 {
      let statement =
        "select count(*), sum(amount) from orders for version as of \(sequence)"
      let sum = (0..<sequence * 10).reduce(0) { $0 + $1 * 10 }
      #expect(try rows(statement) == ["\(sequence * 10),\(sum)"])
    }
    let later = try sediment(
      "query", store, "select count(*) from orders for version as of 4", "--csv")
    #expect(later.exitCode == 66 && later.output == "")
    #expect(later.errors.contains("4"))
  }

  @Test func aBackupIsRestoredToTheSameAnswers() throws {
    _ = try load(0..<30)
    let statement = "select city, count(*), sum(amount) from orders group by city order by city"
    let before = try rows(statement)
    #expect(before.count == 3)
    let (backup, restored) = (scratch.path + "/backup", scratch.path + "/restored")
    #expect(
      try succeed("backup", store, backup)
        .contains("30 rows in"))
    _ = try load(30..<60)
    #expect(try succeed("restore", backup, restored).contains("restored to \(restored)"))
    #expect(try rows(statement, in: restored) == before)
    #expect(try rows(statement) != before)
    for directory in [backup, restored, store] {
      #expect(try succeed("verify", directory).contains("no damage found"))
    }
    // Nothing is overwritten.
    let again = try sediment("backup", store, backup)
    #expect(again.exitCode == 64 && again.errors.contains("exists already"))
    #expect(try sediment("restore", scratch.path, scratch.path + "/x").exitCode == 66)
  }

  // MARK: Damage

  @Test func damageIsFoundAndMended() throws {
    // Large enough for files.
    #expect(
      try sediment("load", store, "--generate", "40000", "--rows-per-load", "40000").exitCode == 0)
    #expect(try succeed("verify", store).hasSuffix("no damage found\n"))
    let files = PosixFileSystem()
    let segment = try #require(
      try BackupTests.tree(files, store).keys.filter { $0.hasSuffix(".seg") }.min())
    try BackupTests.flip(files, segment, byte: 100)
    let found = try sediment("verify", store)
    #expect(found.exitCode == 1)
    #expect(found.output.contains(segment))
    #expect(found.output.contains("problems found, listed above; --repair mends what can be"))
    let mended = try sediment("verify", store, "--repair")
    #expect(mended.exitCode == 2)
    #expect(mended.output.contains("damaged files are in \(store)/quarantine/0001"))
    let lost = try #require(mended.output.firstMatch(of: /(\d+) of (\d+) rows lost/))
    let (lostCount, total) = (try #require(Int(lost.1)), try #require(Int(lost.2)))
    #expect((1..<total).contains(lostCount))
    #expect(try rows("select count(*) from orders") == ["\(40_000 - lostCount)"])
    #expect(try succeed("verify", store).contains("no damage found"))
    #expect(try succeed("verify", store, "--repair").contains("no damage found"))
  }

  // MARK: Refusals

  @Test func aStoreInUseNamesItsHolder() throws {
    _ = try load(0..<3)
    let lock = open(store + "/LOCK", O_RDWR)
    try #require(lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) == 0)
    defer { close(lock) }
    let line = "\(getpid())\n"
    try #require(ftruncate(lock, 0) == 0 && pwrite(lock, line, line.utf8.count, 0) > 0)
    let message =
      "sediment: \(store)/LOCK is open in another process (process \(getpid())); stop it first\n"
    for arguments in [
      ["query", store, "select count(*) from orders"], ["inspect", store], ["verify", store],
      ["verify", store, "--repair"], ["transactions", store],
      ["load", store, "--generate", "1"], ["backup", store, scratch.path + "/backup"],
      ["restore", store, scratch.path + "/restored"],
    ] {
      let outcome = try ChildProgram.run("sediment", arguments)
      #expect(outcome.exitCode == 66, "\(arguments)")
      #expect(outcome.errors == message, "\(arguments)")
      #expect(outcome.output == "", "\(arguments)")
    }
  }

  @Test func wrongArgumentsAreRefused() throws {
    for arguments in [
      ["load"], ["load", store], ["load", store, "--generate", "0"],
      ["load", store, "--generate", "5", "--input", "x.csv"],
      ["load", store, "--generate", "5", "--two-phase"],
      ["load", store, "--generate", "5", "--label", "a", "--threads", "2"],
      ["load", store, "--generate", "5", "--label", ""],
      ["load", store, "--generate", "5", "--durability", "sometimes"],
      ["transactions", store, "--commit", "1", "--abort", "2"], ["polish", store],
      ["query", store, "select 1 from x", "--count"], ["query", store, "--threads", "0"],
      ["backup", store], ["verify"],
    ] {
      let outcome = try ChildProgram.run("sediment", arguments)
      #expect(outcome.exitCode == 64, "\(arguments)")
      #expect(outcome.errors != "" && outcome.output == "", "\(arguments)")
    }
    #expect(try PosixFileSystem().exists(store) == false)
    for arguments in [
      ["query", store, "select count(*) from orders"], ["inspect", store], ["verify", store],
      ["transactions", store], ["load", store, "--input", scratch.path + "/none.csv"],
    ] {
      let outcome = try ChildProgram.run("sediment", arguments)
      #expect(outcome.exitCode == 66, "\(arguments)")
      #expect(outcome.errors.hasPrefix("sediment: "), "\(arguments)")
    }
  }

  @Test func statementsThatDoNotFitAreRefused() throws {
    _ = try load(0..<3)
    let misspelt = try sediment("query", store, "select cuont(*) from orders")
    #expect(misspelt.exitCode == 64 && misspelt.errors != "")
    let unknown = try sediment("query", store, "select count(*) from ordres")
    #expect(unknown.exitCode == 66 && unknown.errors.contains("orders"))
  }
}
