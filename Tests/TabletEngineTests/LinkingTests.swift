import CompactionPolicies
import StorageBase
import StorageIO
import TabletModel
import Testing

@testable import TabletEngine

/// Compactions that take over the segments of their inputs.
@Suite struct LinkingTests {
  private static func options(_ byteCountMin: Int = 0, segmentRows: Int = 1 << 20) -> StoreOptions {
    var options = StoreOptions(inlineRowsetByteCountMax: 0, staleGraceSeconds: 0)
    options.linkedSegmentByteCountMin = byteCountMin
    options.segmentRowCountMax = segmentRows
    return options
  }

  /// Rows whose keys are in a range, in no order.
  private static func load(
    _ users: ClosedRange<Int>, count: Int, into store: Store, _ random: inout SeededGenerator
  ) throws {
    let rows = (0..<count).map { ordinal -> TestStore.Row in
      let user = users.lowerBound + Int(random.next() % UInt64(users.count))
      return [
        .integer(Int128(user)), .integer(0), .string("s\(ordinal % 4)"),
        .integer(Int128(ordinal)), .string("note \(random.next() % 10)"),
      ]
    }
    try store.load(TestStore.batch(rows), into: TestStore.tableName)
  }

  private static func run(
    _ store: Store, _ kind: CompactionKind = .cumulative
  ) throws -> CompactionRun.Progress {
    var run = CompactionRun(
      store: store, policy: try PolicyCatalogue.shipped.policy("gradient").policy,
      goal: .everything(kind))
    return try run.run(store.snapshot().flatMap(\.tablets).map(\.id))
  }

  private static func store(_ files: MemoryFileSystem, _ options: StoreOptions) throws -> Store {
    try TestStore.create(files, options: options, buckets: 1)
  }

  private static func expectSound(_ store: Store) {
    #expect(StoreVerifier(store).run().problems == [])
  }

  /// Rowsets in key order are linked, others rewritten, whatever the ranges; both ways show the
  /// same rows, and the links outlive the inputs, a restart and a backup.
  @Test(arguments: 0..<40 as Range<UInt64>) func linkedOrMerged(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let files = MemoryFileSystem()
    let contents = try Self.compact(files, seed, &random)
    let reopened = try TestStore.open(files)
    #expect(try TestStore.contents(of: reopened) == contents)
    Self.expectSound(reopened)
    #expect(try TestStore.contents(of: TestStore.open(files, path: "/backup")) == contents)
  }

  /// The rows of a store that has compacted, been backed up and been let go of.
  private static func compact(
    _ files: MemoryFileSystem, _ seed: UInt64, _ random: inout SeededGenerator
  ) throws -> [TestStore.Row] {
    let rewriting = try Self.store(MemoryFileSystem(), Self.options(.max))
    let segmentRows = seed % 3 == 0 ? 7 : 1 << 20
    let linking = try Self.store(files, Self.options(segmentRows: segmentRows))
    let isOrdered = seed % 2 == 0
    var low = 0
    for _ in 0..<2 + Int(random.next() % 4) {
      let high = low + Int(random.next() % 20)
      let count = 1 + Int(random.next() % 40)
      var copy = random
      try Self.load(low...high, count: count, into: rewriting, &copy)
      try Self.load(low...high, count: count, into: linking, &random)
      // A range may begin with the key at which the one before has ended.
      low = isOrdered ? high + Int(random.next() % 2) : low - Int(random.next() % 10)
    }
    let contents = try TestStore.contents(of: rewriting)
    let before = files.counters[.compaction].bytesWritten
    let end = try Self.run(linking)
    #expect(try Self.run(rewriting).bytesWritten > 0)
    if isOrdered {
      #expect(end.bytesWritten == 0 && end.bytesMerged > 0, "linked")
      #expect(files.counters[.compaction].bytesWritten == before)
    }
    for store in [rewriting, linking] {
      #expect(try TestStore.contents(of: store) == contents)
      let rowsets = store.snapshot()[0].tablets[0].rowsets
      #expect(rowsets.count == 2 && !rowsets[1].summary.segmentsOverlap)
      #expect(rowsets[1].summary.rowCount == contents.count)
      // In the order of keys, so that nobody has to merge it.
      let rows = try TestStore.rows(of: rowsets[1].segments)
      let users = rows.compactMap { if case .integer(let user) = $0[0] { user } else { nil } }
      #expect(users.count == rows.count && users == users.sorted())
      Self.expectSound(store)
    }
    try linking.sweepStaleRowsets()
    #expect(try TestStore.contents(of: linking) == contents, "after the inputs have gone")
    #expect(
      try TestStore.segmentFileCount(files, linking)
        == linking.snapshot()[0].tablets[0].rowsets[1].segments.count)
    _ = try linking.backup(to: "/backup", mode: .link)
    return contents
  }

  /// A rowset of links is an input like any other.
  @Test func linksAreLinkedAndMerged() throws {
    var random = SeededGenerator(seed: 1)
    let files = MemoryFileSystem()
    let store = try Self.store(files, Self.options())
    for low in [0, 10] { try Self.load(low...low + 9, count: 20, into: store, &random) }
    #expect(try Self.run(store).bytesWritten == 0)
    try Self.load(20...29, count: 20, into: store, &random)
    #expect(try Self.run(store).bytesWritten == 0)
    #expect(store.snapshot()[0].tablets[0].rowsets[1].segments.count == 3)
    try Self.load(30...39, count: 20, into: store, &random)
    let contents = try TestStore.contents(of: store)
    #expect(try Self.run(store, .full).bytesWritten > 0, "asked to write all anew")
    #expect(store.snapshot()[0].tablets[0].rowsets[0].segments.count == 1)
    try store.sweepStaleRowsets()
    #expect(try TestStore.contents(of: store) == contents)
    #expect(try TestStore.segmentFileCount(files, store) == 1)
  }

  @Test func whatCannotBeLinkedIsMerged() throws {
    var random = SeededGenerator(seed: 1)
    // Small segments, and those that lie inline.
    for options in [Self.options(1 << 20), StoreOptions()] {
      let store = try Self.store(MemoryFileSystem(), options)
      for low in [0, 10] { try Self.load(low...low + 9, count: 20, into: store, &random) }
      #expect(try Self.run(store).bytesWritten > 0)
    }
    // Segments of an older schema.
    let store = try Self.store(MemoryFileSystem(), Self.options())
    for low in [0, 10] { try Self.load(low...low + 9, count: 20, into: store, &random) }
    _ = try store.alter(table: TestStore.tableName, [.dropColumn("note")])
    #expect(try Self.run(store).bytesWritten > 0)
    Self.expectSound(store)
    // Tables in which rows of equal keys become one.
    let keyed = try Store.create(
      TestStore.path, files: MemoryFileSystem(), clock: ManualClock(Timestamp(rawValue: 1)),
      entropy: 7, options: Self.options())
    try keyed.createTable(
      TableDefinition(
        name: TestStore.tableName,
        schema: Schema(
          columns: TestStore.schema().columns, sortKeyCount: 2, keysModel: .unique),
        bucketCount: 1, uniqueKeys: UniqueKeyOptions()))
    for low in [0, 10] { try Self.load(low...low + 9, count: 20, into: keyed, &random) }
    #expect(try Self.run(keyed).bytesWritten > 0)
    Self.expectSound(keyed)
  }
}
