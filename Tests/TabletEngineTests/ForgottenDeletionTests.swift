import ScanKernels
import StorageBase
import TabletModel
import Testing

@testable import TabletEngine

/// Rows that have lost against a deletion, once the deletion itself has been merged away.
@Suite struct ForgottenDeletionTests {
  private typealias Base = PartialUpdateTests

  /// A row of sequence 6 came after a deletion of sequence 14, which a compaction from the first
  /// version on has dropped. What is left of the row decides nothing.
  private func store(_ index: UniqueKeyOptions.Index) throws -> Store {
    let store = try Base.create(
      index,
      moreColumns: [
        Column(
          id: ColumnID(rawValue: 5), name: "moment", type: .int32, isNullable: false,
          defaultValue: .integer(0))
      ], sequenceColumn: "moment")
    try Base.load([row("first", moment: 10)], into: store)
    let deletion = try store.beginLoad(into: Base.name)
    let columns = try store.snapshot(of: Base.name).definition.schema.columns.map(\.name)
    try deletion.append(
      Base.batch(columns, [row("gone", moment: 14)], in: store), deleteSigns: .full(count: 1))
    try store.commit(deletion.prepare())
    try Base.load([row("late", moment: 6)], into: store)
    DeltaTests.compact(store, 0, 3)
    #expect(try Base.contents(of: store).isEmpty)
    return store
  }

  private func row(_ text: String, moment: Int) -> [Value] {
    Base.row(1, 1, text, 1) + [.integer(Int128(moment))]
  }

  @Test(arguments: UniqueKeyOptions.Index.allCases)
  func aPartialRowDoesNotCarryItsSequence(index: UniqueKeyOptions.Index) throws {
    let store = try store(index)
    let load = try Base.partial(
      ["id", "b", "c"], [[.integer(1), .string("again"), .integer(2)]], in: store)
    try store.commit(load)
    #expect(
      try Base.contents(of: store) == [Base.row(1, -1, "again", 2) + [.integer(0)]])
  }

  @Test(arguments: UniqueKeyOptions.Index.allCases)
  func aRowOfSmallerSequenceDoesNotLoseAgainstIt(index: UniqueKeyOptions.Index) throws {
    let store = try store(index)
    try Base.load([row("new", moment: 4)], into: store)
    #expect(try Base.contents(of: store) == [row("new", moment: 4)])
  }
}
