import StorageBase
import StorageIO
import Testing

@testable import TabletEngine

@Suite struct StaleRowsetsTests {
  /// Random additions and removals beside a dictionary, copies of earlier states included.
  @Test(arguments: 0..<4) func readsAsADictionary(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let store = try TestStore.create(MemoryFileSystem(), buckets: 1)
    for load in 0..<60 {
      let rows = TestStore.rows(load: load, count: 3, random: &random)
      try store.load(TestStore.batch(rows), into: TestStore.tableName)
    }
    var unused = store.snapshot().flatMap(\.tablets).flatMap(\.rowsets)
    let all = unused
    var stale = StaleRowsets()
    var model: [RowsetID: Rowset] = [:]
    var earlier: [(stale: StaleRowsets, model: [RowsetID: Rowset])] = []
    while !unused.isEmpty {
      earlier.append((stale, model))
      if random.next() % 4 == 0 {
        let gone = Set(model.keys.filter { _ in random.next() % 3 == 0 })
        stale.remove(gone)
        for id in gone { model[id] = nil }
      } else {
        let added = unused.suffix(Int(random.next() % 6))
        unused.removeLast(added.count)
        stale.insert(contentsOf: added)
        for rowset in added { model[rowset.id] = rowset }
      }
    }
    for (stale, model) in earlier + [(stale, model)] {
      #expect(stale.count == model.count && stale.isEmpty == model.isEmpty)
      #expect(Set(stale.values.map(\.id)) == Set(model.keys))
      #expect(all.allSatisfy { stale[$0.id] === model[$0.id] })
    }
  }
}
