import IngestDriver
import StorageBase
import TabletEngine
import Testing

@testable import StreamDriver

/// Rows that give some columns of a table.
struct PartialStreamTests {
  private static func pipeline(_ strategy: String, writers: Int) -> String {
    """
    name: wide
    writers: \(writers)
    batch_rows: 7
    source: {generate: product360, rows: 160, partitions: 4, users: 20, columns: 74}
    tables: [{table: wide, key: [user_id], unique: true, partial: \(strategy)}]
    """
  }

  private func values(_ machine: StreamMachine) throws -> [[Value]] {
    let names = try #require(machine.store).snapshot(of: "wide").definition.schema.columns
      .map(\.name).joined(separator: ", ")
    return try machine.rows("SELECT \(names) FROM wide ORDER BY user_id")
  }

  /// One writer has the rows of all four streams, which become visible in loads of their own.
  @Test(arguments: ["rewrite", "delta"]) func aKillAfterAnyStepChangesNothing(
    strategy: String
  ) throws {
    let whole = try StreamMachine()
    try whole.finish(Self.pipeline(strategy, writers: 4))
    let expected = try values(whole)
    #expect(expected.count == 20)
    var stepCount = 2
    var isOver = false
    while !isOver {
      let machine = try StreamMachine()
      try machine.begin(Self.pipeline(strategy, writers: 1))
      isOver = try machine.steps(stepCount)
      machine.kill()
      try machine.finish(Self.pipeline(strategy, writers: 3))
      #expect(try values(machine) == expected)
      let waiting = try #require(machine.store).allTransactions().filter { !$0.state.isFinal }
      #expect(waiting.isEmpty)
      stepCount += 11
    }
    #expect(stepCount > 20)
  }

  @Test func tablesThatCannotTakeThemAreRefused() throws {
    func refusal(_ table: TableDefinition) throws -> String {
      let machine = try StreamMachine()
      try machine.put("/in/a.csv", "id,note\n1,x\n")
      let yaml = """
        name: notes
        source: {files: /in/a.csv}
        tables: [{table: notes, key: [id], unique: true, partial: true}]
        """
      try machine.begin("name: x\nsource: {files: /in/a.csv}\ntables: [{table: other}]")
      try #require(machine.store).createTable(table)
      machine.kill()
      do {
        try machine.begin(yaml)
        return ""
      } catch {
        return "\(error)"
      }
    }
    func table(
      _ columns: [(name: String, type: DataType, isNullable: Bool)], isUnique: Bool = true
    ) throws -> TableDefinition {
      let schema = try Schema(columns, sortKeyCount: 1)
      return try TableDefinition(
        name: "notes",
        schema: Schema(
          columns: schema.columns, sortKeyCount: 1, keysModel: isUnique ? .unique : .duplicate),
        uniqueKeys: isUnique ? UniqueKeyOptions() : nil)
    }
    let known: [(name: String, type: DataType, isNullable: Bool)] = [
      ("id", .int64, false), ("note", .string, true),
    ]
    #expect(try refusal(table(known + [("more", .int32, true)])) == "")
    #expect(
      try refusal(table(known + [("more", .int32, false)])).contains("column more is not given"))
    #expect(try refusal(table(known, isUnique: false)).contains("its keys are not unique"))
    #expect(
      try refusal(table([("id", .int64, false), ("note", .int32, true)]))
        .contains("expected int32, found string"))
  }

  @Test func labelsOfPartsAreRecognised() {
    let label = LoadLabel(prefix: "wide", writer: 3, checkpoint: 12, part: 2)
    #expect(label.description == "wide_3-2_12")
    #expect(LoadLabel("wide_3-2_12", prefix: "wide") == label)
    for text in ["wide_3-0_12", "wide_3-_12", "wide_-2_12", "wide_3-02_12", "wide_3--2_12"] {
      #expect(LoadLabel(text, prefix: "wide") == nil, "\(text)")
    }
  }
}
