import CompactionPolicies
import SegmentFormat
import StorageBase
import StorageIO
import TabletModel
import Testing

@testable import TabletEngine

/// How long deletions stay: as long as something older could come back, and no longer.
@Suite struct BaseDeletionTests {
  private static let shapes = [
    UniqueKeyModel.Shape(index: .hash, hasSequence: true),
    UniqueKeyModel.Shape(index: .sorted, hasSequence: true),
    UniqueKeyModel.Shape(merge: .onRead), UniqueKeyModel.Shape(merge: .onRead, hasSequence: true),
  ]

  private static func row(_ id: Int, moment: Int) -> UniqueKeyModel.Row {
    [.integer(Int128(id)), .integer(Int128(moment)), .string("row \(id)"), .integer(1)]
  }

  private static func load(
    _ rows: [(row: UniqueKeyModel.Row, isDelete: Bool)], into store: Store,
    _ model: inout UniqueKeyModel
  ) throws {
    let load = try model.load(of: rows)
    let builder = try store.beginLoad(into: UniqueKeyModel.table)
    try builder.append(load.batch, deleteSigns: load.deleteSigns)
    try store.commit(builder.prepare())
    model.publish(load, sequence: 0)
  }

  private static func compact(_ store: Store, _ kind: CompactionKind) throws {
    var run = CompactionRun(
      store: store, policy: try PolicyCatalogue.shipped.policy("num-based").policy,
      goal: .everything(kind))
    #expect(try run.run(store.snapshot().flatMap(\.tablets).map(\.id)).jobsDone == 1)
  }

  /// Rows on disk that stand for deletions.
  private static func deletionCount(_ store: Store) throws -> Int {
    var work = PageWork()
    var count = 0
    for segment in store.snapshot().flatMap(\.tablets).flatMap(\.rowsets).flatMap(\.segments) {
      let reader = try segment.reader()
      guard let column = reader.schema.index(of: DeleteSign.column.id) else { continue }
      for page in 0..<reader.pageCount {
        let signs = try reader.readPage(column: column, page: page, work: &work)
        count += DeleteSign.rows(signs)?.setCount ?? 0
      }
    }
    return count
  }

  /// Cumulative compaction keeps deletions, since the rows that they delete may lie before the
  /// cumulative point, or come late; base and full compaction, which nothing is older than, drop
  /// them and all they have deleted.
  @Test(arguments: shapes, [CompactionKind.base, .full])
  func deletionsGoWithTheBase(shape: UniqueKeyModel.Shape, last: CompactionKind) throws {
    let store = try Store.create(
      TestStore.path, files: MemoryFileSystem(), clock: ManualClock(Timestamp(rawValue: 1_000_000)),
      entropy: 7)
    try store.createTable(UniqueKeyModel.definition(shape))
    var model = UniqueKeyModel(shape)
    func expectRows() throws {
      let rows = try UniqueKeyModel.contents(of: store.snapshot(of: UniqueKeyModel.table))
      #expect(rows == model.visible)
      #expect(StoreVerifier(store).run().problems == [])
    }
    try Self.load((0..<10).map { (Self.row($0, moment: 5), false) }, into: store, &model)
    try Self.load((10..<14).map { (Self.row($0, moment: 5), false) }, into: store, &model)
    // num-based hands over what a cumulative compaction has made: these become the base.
    try Self.compact(store, .cumulative)
    try Self.load((2..<6).map { (Self.row($0, moment: 9), true) }, into: store, &model)
    try Self.load([(Self.row(12, moment: 9), true)], into: store, &model)
    #expect(try Self.deletionCount(store) == 5)
    try Self.compact(store, .cumulative)
    try expectRows()
    #expect(try Self.deletionCount(store) == 5, "the rows they delete are in the base")
    // One that comes late is deleted by what came before it.
    try Self.load([(Self.row(3, moment: 7), false)], into: store, &model)
    try expectRows()
    if last == .base { try Self.load([(Self.row(20, moment: 1), false)], into: store, &model) }
    if last == .base { try Self.compact(store, .cumulative) }
    try Self.compact(store, last)
    try expectRows()
    #expect(try Self.deletionCount(store) == 0)
    let rowsets = store.snapshot()[0].tablets[0].rowsets
    #expect(rowsets.count == 1 && rowsets[0].summary.rowCount == model.visible.count)
  }
}
