import StorageBase
import StorageIO
import TabletModel
import Testing

@testable import TabletEngine

/// Whoever verifies a store finds keys with two rows, keys that lead nowhere, and deletes of rows
/// that are none.
@Suite struct KeyVerifierTests {
  private static let shapes = UniqueKeyTests.shapes.filter { $0.merge == .onWrite }

  private func makeStore(
    _ shape: UniqueKeyModel.Shape, hasDeletions: Bool = true
  ) throws -> Store {
    let store = try Store.create(
      TestStore.path, files: MemoryFileSystem(), clock: ManualClock(), entropy: 7)
    try store.createTable(UniqueKeyModel.definition(shape))
    let model = UniqueKeyModel(shape)
    var random = SeededGenerator(seed: 4)
    for number in 0..<4 {
      let load = try model.makeLoad(number, &random)
      let builder = try store.beginLoad(into: UniqueKeyModel.table)
      try builder.append(load.batch, deleteSigns: hasDeletions ? load.deleteSigns : nil)
      try store.commit(builder.prepare())
    }
    return store
  }

  private func segments(_ store: Store) throws -> [RowsetSegment] {
    try store.snapshot(of: UniqueKeyModel.table).tablets.flatMap(\.segments)
  }

  @Test(arguments: shapes) func findsTwoRowsOfOneKey(shape: UniqueKeyModel.Shape) throws {
    // A deletion of a key that has no other row would be its only row.
    let store = try makeStore(shape, hasDeletions: false)
    #expect(StoreVerifier(store).run().problems == [])
    let segment = try #require(try segments(store).first { !$0.deletes.history.isEmpty })
    segment.deletes.replace(by: DeleteHistory())
    let problems = StoreVerifier(store).run().problems
    #expect(problems.contains { $0.contains("the key of row") }, "\(problems)")
  }

  @Test(arguments: shapes) func findsDeletesOfRowsThatAreNone(shape: UniqueKeyModel.Shape) throws {
    let store = try makeStore(shape)
    let segment = try #require(try segments(store).last)
    segment.deletes.add([5000], version: Version(40))
    let problems = StoreVerifier(store).run().problems
    #expect(problems.contains { $0.contains("row 5000 is deleted") }, "\(problems)")
  }

  /// The index in memory leads to a row that has been deleted behind its back.
  @Test(arguments: shapes.filter { $0.index == .hash })
  func findsAnIndexThatDisagrees(shape: UniqueKeyModel.Shape) throws {
    // Where a segment has deletions, the index asks the deletes of the segment.
    let store = try makeStore(shape, hasDeletions: false)
    let tablet = try #require(try store.snapshot(of: UniqueKeyModel.table).tablets.first)
    let live = try #require(try tablet.liveSegments().last)
    let count = try live.segment.reader().rowCount
    let row = try #require((0..<count).first { !(live.deleted?.contains($0) ?? false) })
    var history = live.segment.deletes.history
    history.add([UInt32(row)], version: tablet.version)
    live.segment.deletes.replace(by: history)
    let problems = StoreVerifier(store).run().problems
    #expect(problems.contains { $0.contains("the key index leads to") }, "\(problems)")
  }
}
