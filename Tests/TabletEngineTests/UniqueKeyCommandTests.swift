import Foundation
import Testing

/// Tables with unique keys as people and scripts meet them: how they are made, what loads do to
/// their rows, and what is refused.
@Suite struct UniqueKeyCommandTests {
  private let scratch: ScratchDirectory

  init() throws { scratch = try ScratchDirectory() }

  private var store: String { scratch.path + "/store" }

  private func write(_ name: String, _ text: String) throws -> String {
    let path = scratch.path + "/" + name
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    return path
  }

  private func run(_ arguments: [String]) throws -> ChildProgram.Outcome {
    try ChildProgram.run("sediment", arguments)
  }

  private func succeed(_ arguments: String...) throws -> String {
    let outcome = try run(arguments)
    #expect(outcome.exitCode == 0, "\(arguments): \(outcome.errors)")
    return outcome.output
  }

  @discardableResult
  private func load(_ text: String, _ options: String...) throws -> String {
    let path = try write("users.csv", text)
    let outcome = try run(["load", store, "--input", path] + options)
    #expect(outcome.exitCode == 0, "\(options): \(outcome.errors)")
    return outcome.output
  }

  private func refuse(
    _ text: String, _ code: Int32, _ reason: String, _ options: String...
  ) throws {
    let path = try write("users.csv", text)
    let outcome = try run(["load", store, "--input", path] + options)
    #expect(outcome.exitCode == code, "\(options): \(outcome.errors)")
    #expect(outcome.errors.contains(reason), "\(options): \(outcome.errors)")
  }

  private func rows() throws -> [String] {
    try succeed("query", store, "select * from users order by id", "--csv")
      .split(separator: "\r\n").dropFirst().map(String.init)
  }

  private static let users = """
    id,name,city,changed
    1,Ada,Oslo,10
    2,Bob,Rome,10
    3,Cai,Lima,10
    2,Bea,Rome,11
    """

  private static let shapes: [[String]] = [
    [], ["--key-index", "sorted"], ["--merge", "on-read"], ["--row-store", "all"],
    ["--sequence-column", "changed", "--row-store", "name,city"],
  ]

  @Test(arguments: shapes) func rowsOfOneKeyReplaceEachOther(shape: [String]) throws {
    let path = try write("users.csv", Self.users)
    let outcome = try run(["load", store, "--input", path, "--unique-key", "id"] + shape)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("3 rows in 1 loads into users"))
    #expect(try rows() == ["1,Ada,Oslo,10", "2,Bea,Rome,11", "3,Cai,Lima,10"])
    // The header of a table that is there needs no mapping, in any order.
    try load("changed,city,id,name\n12,Kyiv,3,Cy\n12,Nice,4,Dan\n")
    #expect(
      try rows() == ["1,Ada,Oslo,10", "2,Bea,Rome,11", "3,Cy,Kyiv,12", "4,Dan,Nice,12"])

    // Deletions need the key, and the sequence where there is one.
    let isSequenced = shape.contains("--sequence-column")
    try load(isSequenced ? "id,changed\n1,10\n3,11\n" : "id\n1\n", "--merge-type", "delete")
    #expect(try rows() == ["2,Bea,Rome,11", "3,Cy,Kyiv,12", "4,Dan,Nice,12"])
    try load(
      "id,op,name,city,changed\n2,d,,,12\n3,u,Cy,Bern,13\n5,u,Eve,Graz,13\n",
      "--merge-type", "merge", "--delete-on", "op = 'd'")
    #expect(try rows() == ["3,Cy,Bern,13", "4,Dan,Nice,12", "5,Eve,Graz,13"])

    try refuse(
      "id,op,name,city,changed\n9,u,,x,12\n", 66, "column name: expected no null",
      "--merge-type", "merge", "--delete-on", "op = 'd'")

    // By condition.
    #expect(
      try succeed("delete", store, "--table", "users", "--where", "city like 'N%' or id > 9")
        .contains("1 rows deleted from users, commit"))
    #expect(
      try succeed("delete", store, "--table", "users", "--where", "id > 9")
        == "0 rows deleted from users\n")
    #expect(try rows() == ["3,Cy,Bern,13", "5,Eve,Graz,13"])
    #expect(try succeed("verify", store).contains("no damage found"))
  }

  @Test func inspectShowsHowKeysAreKept() throws {
    try load(
      Self.users, "--unique-key", "id", "--key-index", "sorted", "--sequence-column", "changed",
      "--row-store", "name")
    try load("id,name,city,changed\n1,Abe,Oslo,11\n")
    let shown = try succeed("inspect", store)
    #expect(
      shown.contains("unique keys, merged on-write, sorted index, sequence column changed\n"))
    #expect(shown.contains("row store of name\n"))
    #expect(shown.contains("column id int64, key 1"))
    #expect(shown.contains("rows are seen, the others have been replaced or deleted"))
  }

  @Test func columnsAreUpdatedInTwoPhases() throws {
    try load(Self.users, "--unique-key", "id")
    try load("city,id\nBonn,1\nKiel,2\n", "--partial", "--label", "monday", "--two-phase")
    #expect(try rows().first == "1,Ada,Oslo,10")
    try load("id,name,city,changed\n1,Abe,Lyon,12\n")
    _ = try succeed("transactions", store, "--commit", "monday")
    #expect(try rows() == ["1,Abe,Bonn,12", "2,Bea,Kiel,11", "3,Cai,Lima,10"])
    try load(
      "city,id\nHull,3\n", "--partial", "--new-keys", "error", "--label", "tuesday", "--two-phase")
    try load("id\n3\n", "--merge-type", "delete")
    let refused = try run(["transactions", store, "--commit", "tuesday"])
    #expect(refused.exitCode != 0 && refused.errors.contains("new keys are refused"))
    _ = try succeed("transactions", store, "--abort", "tuesday")
    #expect(try rows() == ["1,Abe,Bonn,12", "2,Bea,Kiel,11"])
    #expect(try succeed("verify", store).contains("no damage found"))
  }

  @Test func rowsOfJSONAreLoadedAndUpdated() throws {
    let users = try write(
      "users.jsonl",
      """
      {"id": 1, "name": "Ada", "city": "Oslo", "n": 5}
      {"id": 2, "name": "Bob", "city": null, "n": 6}
      {"id": 2, "name": "Bea \\u263a", "city": "Rome"}
      """)
    #expect(
      try succeed("load", store, "--input", users, "--unique-key", "id").contains("2 rows in 1"))
    #expect(try rows() == ["1,Ada,Oslo,5", "2,Bea \u{263a},Rome,"])
    // Each row names its own columns, and null is a value.
    let changes = try write(
      "changes.ndjson",
      "{\"id\": 1, \"city\": null}\n{\"n\": 7, \"id\": 2}\n{\"id\": 1, \"n\": 8}\n")
    _ = try succeed(
      "load", store, "--table", "users", "--input", changes, "--partial", "--flexible")
    #expect(try rows() == ["1,Ada,,8", "2,Bea \u{263a},Rome,7"])
    // An array, by another name, of which a mapping takes what lies deeper.
    let deep = try write(
      "more.txt", "[{\"user\": {\"id\": 3}, \"name\": \"Cai\"},\n {\"name\": 1}]")
    let mapping = try write(
      "m.yaml",
      """
      format: json
      outer_array: true
      columns:
        - {name: id, type: int64, source: $.user.id}
        - {name: name, type: string}
        - {name: city, type: string, default: Graz}
        - {name: n, type: int64, nullable: true}
      """)
    #expect(
      try succeed(
        "load", store, "--table", "users", "--input", deep, "--mapping", mapping, "--max-errors",
        "1"
      ).contains("1 malformed rows skipped, the first: \(deep) line 2, column id"))
    #expect(try rows() == ["1,Ada,,8", "2,Bea \u{263a},Rome,7", "3,Cai,Graz,"])
    try refuse(
      "id,n\n1,1\n", 66, "give rows of JSON", "--table", "users", "--partial", "--flexible")
    try refuse("{\"id\":1}", 66, "format: is to be set", "--format", "csv", "--mapping", mapping)
    try refuse("{\"id\":1}", 64, "belong to --partial", "--format", "json", "--flexible")
  }

  @Test func columnsAreUpdated() throws {
    try load(Self.users, "--unique-key", "id")
    try load("city,id\nBonn,1\n", "--partial")
    #expect(try rows() == ["1,Ada,Bonn,10", "2,Bea,Rome,11", "3,Cai,Lima,10"])
    try refuse("city,id\nHull,7\n", 66, "none for the new key (7)", "--partial")
    try load("id,city,name\n2,x,Bo\n", "--partial", "--columns", "name")
    try refuse(
      "id,city\n8,Nara\n", 66, "new keys are refused", "--partial", "--new-keys", "error")
    try load(
      "id,gone,city\n1,1,\n3,0,Pisa\n", "--partial", "--merge-type", "merge", "--delete-on",
      "gone = 1", "--label", "monday")
    #expect(try rows() == ["2,Bo,Rome,11", "3,Cai,Pisa,10"])
    try refuse("id,city\n1,x\n", 65, "Label [monday] has already", "--partial", "--label", "monday")
    // Of a deletion the key counts.
    try load(
      "id,gone,changed\n2,1,\n3,0,12\n9,1,\n", "--partial", "--merge-type", "merge",
      "--delete-on", "gone = 1")
    #expect(try rows() == ["3,Cai,Pisa,12"])
  }

  @Test func aMappingSaysHowKeysAreKept() throws {
    let mapping = try write(
      "users.yaml",
      """
      keys: unique
      key_index: sorted
      sequence_column: changed
      partial_updates: delta
      row_store: all
      columns:
        - {name: city, type: string}
        - {name: id, type: int32}
        - {name: changed, type: int64}
        - {name: op, type: string, input_only: true}
      sort_key: [id]
      """)
    try load(
      "id,city,changed,op\n1,Oslo,5,c\n1,Rome,4,u\n2,Lima,1,d\n3,Bonn,1,u\n", "--mapping", mapping,
      "--merge-type", "merge", "--delete-on", "op = 'd'")
    #expect(try rows() == ["1,Oslo,5", "3,Bonn,1"])
    #expect(try succeed("inspect", store).contains("sorted index, sequence column changed"))
    #expect(try succeed("inspect", store).contains("row store of all columns"))
    // What is given of a row that is there is stored as it is.
    try load("id,city\n1,Nara\n", "--partial")
    #expect(try rows() == ["1,Nara,5", "3,Bonn,1"])
    #expect(try succeed("inspect", store).contains("      delta "))
  }

  @Test func mistakesOfAMappingHaveTheirLines() throws {
    let mapping = try write(
      "users.yaml",
      """
      keys: uniq
      merge: at-once
      key_index: tree
      sequence_column: chnged
      row_store: [nam]
      columns:
        - {name: id, type: int32}
        - {name: name, type: string}
        - {name: changed, type: int64}
      """)
    let path = try write("users.csv", "id,name,changed\n")
    let outcome = try run(["load", store, "--input", path, "--mapping", mapping])
    #expect(outcome.exitCode == 66)
    for text in [
      "line 1, column 7: keys is \"uniq\"; expected unique or duplicate",
      "line 2, column 8: merge is \"at-once\"; expected on-write or on-read",
      "line 3, column 12: key_index is \"tree\"; expected hash or sorted",
      "line 4, column 18: sequence_column: chnged is not a column; did you mean changed?",
      "line 5, column 13: row_store: nam is not a column",
    ] { #expect(outcome.errors.contains(text), "\(outcome.errors)") }
    let plain = try write("plain.yaml", "merge: on-read\ncolumns: [{name: id, type: int32}]\n")
    #expect(
      try run(["load", store, "--input", path, "--mapping", plain]).errors
        .contains("line 1, column 8: merge needs keys: unique"))
  }

  @Test func whatDoesNotFitIsRefused() throws {
    // Nothing is made for a load that cannot be.
    try refuse("id\n1\n", 66, "load whole rows first", "--merge-type", "delete")
    try refuse("id,a\n1,2\n", 66, "load whole rows first", "--partial")
    #expect(!FileManager.default.fileExists(atPath: store))
    try refuse("id\n1\n", 64, "need --unique-key", "--merge", "on-read")
    try refuse("id\n1\n", 64, "needs --delete-on", "--merge-type", "merge")
    try refuse("id\n1\n", 64, "take none", "--delete-on", "id = 1")
    try refuse("id\n1\n", 64, "belong to --partial", "--columns", "id")
    try refuse("id\n1\n", 64, "leave out --partial", "--partial", "--merge-type", "delete")
    try refuse("id,a\n1,2\n", 66, "did you mean", "--unique-key", "idd")
    try refuse(
      "id,a\n1,2\n", 66, "value column of an integer type", "--unique-key", "id",
      "--sequence-column", "id")

    try load(Self.users, "--unique-key", "id", "--sequence-column", "changed")
    try refuse("id,name\n1,x\n", 66, "it has no column city of table users; --partial")
    try refuse("name,city\nx,y\n", 66, "it has no column id, which is in the key")
    try refuse("id\n1\n", 66, "it has no column changed", "--merge-type", "delete")
    try refuse(
      "id,name,city,changed,age\n1,x,y,1,2\n", 66, "its column age is none of table users")
    try refuse(Self.users, 66, "that is chosen when it is created", "--unique-key", "id")
    try refuse(
      Self.users, 64, "did you mean name?", "--merge-type", "merge", "--delete-on", "nam = 'x'")
    let wrong = try run(["delete", store, "--table", "users", "--where", "id ="])
    #expect(wrong.exitCode == 64 && wrong.errors.contains("line 1, column 5"), "\(wrong.errors)")
    #expect(try rows().count == 3)

    // A table that keeps all rows.
    let path = try write("log.csv", "id,op\n1,d\n")
    #expect(try run(["load", store, "--input", path]).exitCode == 0)
    for options in [
      ["--merge-type", "delete"], ["--merge-type", "merge", "--delete-on", "op = 'd'"],
      ["--partial"],
    ] {
      let outcome = try run(["load", store, "--input", path] + options)
      #expect(outcome.exitCode == 66, "\(options): \(outcome.errors)")
    }
    let refused = try run(["delete", store, "--table", "log", "--where", "id = 1"])
    #expect(refused.exitCode == 66 && refused.errors.contains("create it with unique keys"))
  }
}
