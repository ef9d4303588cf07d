import QueryEngine
import ScanKernels
import SegmentFormat
import StorageBase
import StorageIO
import Synchronization
import Testing

@testable import TabletEngine

/// Segments are kept opened within a limit, and what queries find depends on none.
@Suite struct SegmentCacheTests {
  private static let loadCount = 12
  private static let rowsPerLoad = 60

  /// Every load is a file of its own in each of two buckets.
  private static func store(
    _ files: any FileSystem, limit: Int, _ definition: TableDefinition? = nil
  ) throws -> Store {
    var options = StoreOptions(inlineRowsetByteCountMax: 0, staleGraceSeconds: 0)
    options.segmentCacheByteCountMax = limit
    let store = try Store.create(
      TestStore.path, files: files, clock: ManualClock(Timestamp(rawValue: 1_000_000)), entropy: 7,
      options: options)
    try store.createTable(definition ?? TestStore.definition(buckets: 2))
    var random = SeededGenerator(seed: 3)
    for load in 0..<loadCount {
      let rows = TestStore.rows(load: load, count: rowsPerLoad, random: &random)
      try store.load(TestStore.batch(rows), into: TestStore.tableName)
    }
    return store
  }

  private static func ask(_ store: Store) throws -> [[[Value]]] {
    let table = try store.snapshot(of: TestStore.tableName)
    return try [
      Query.selectingAll().filtered(by: Field("amount") < .integer(20_000)),
      Query.computing(.sum("amount")).computing(.countAll)
        .filtered(by: Field("status") == "paid"),
      Query.selectingAll().filtered(by: Field("note").matches(.phrase, "load 7")),
    ].map { query in
      let indexes = IndexUse.wherePossible(cache: table.tablets[0].segments.first?.indexCache)
      return TestStore.sorted(try query.run(on: table, indexes: indexes).result.rows)
    }
  }

  private static func counters(_ store: Store) -> CacheCounts { store.caches.segments.counters }

  /// About what one segment of these stores weighs when it has been read.
  private static func segmentByteCount() throws -> Int {
    let store = try store(MemoryFileSystem(), limit: .max)
    _ = try ask(store)
    return counters(store).byteCount / counters(store).entryCount
  }

  @Test func zeroKeepsNothing() throws {
    let files = OpenFilesFileSystem(MemoryFileSystem())
    let expected = try Self.ask(Self.store(MemoryFileSystem(), limit: .max))
    let store = try Self.store(files, limit: 0)
    for _ in 0..<3 { #expect(try Self.ask(store) == expected) }
    let counters = Self.counters(store)
    #expect(counters.hits == 0 && counters.misses >= 3 * Self.loadCount)
    #expect(counters.byteCount == 0 && counters.entryCount == 0 && counters.evictions == 0)
    #expect(files.openSegmentCount == 0)
  }

  @Test func whatIsOpenedOnceIsFound() throws {
    let files = OpenFilesFileSystem(MemoryFileSystem())
    let store = try Self.store(files, limit: .max)
    _ = try Self.ask(store)
    let first = Self.counters(store)
    #expect(first.misses == 2 * Self.loadCount && first.entryCount == first.misses)
    #expect(files.openSegmentCount == first.entryCount)
    _ = try Self.ask(store)
    let second = Self.counters(store)
    #expect(second.misses == first.misses && second.hits >= first.hits + first.entryCount)
    #expect(second.evictions == 0)
  }

  @Test(arguments: [1, 3, 10]) func theCacheIsBounded(segments: Int) throws {
    let files = OpenFilesFileSystem(MemoryFileSystem())
    let limit = try segments * Self.segmentByteCount()
    let expected = try Self.ask(Self.store(MemoryFileSystem(), limit: .max))
    let store = try Self.store(files, limit: limit)
    for _ in 0..<4 {
      #expect(try Self.ask(store) == expected)
      let counters = Self.counters(store)
      #expect(counters.byteCount <= limit && counters.entryCount <= 2 * segments)
      #expect(files.openSegmentCount == counters.entryCount)
    }
    #expect(Self.counters(store).evictions > 2 * Self.loadCount)
  }

  /// What a reader loads after it was opened is weighed, and may drive it out.
  @Test func readersGrow() throws {
    let store = try Self.store(MemoryFileSystem(), limit: .max)
    let segments = try store.snapshot(of: TestStore.tableName).tablets.flatMap(\.segments)
    for segment in segments { _ = try segment.reader() }
    let opened = Self.counters(store).byteCount
    for segment in segments {
      let reader = try segment.reader()
      for column in reader.schema.columns.indices {
        _ = try reader.zoneMap(column: column, page: 0)
      }
    }
    let grown = Self.counters(store).byteCount
    #expect(grown > opened)
    let bounded = try Self.store(MemoryFileSystem(), limit: (opened + grown) / 2)
    for segment in try bounded.snapshot(of: TestStore.tableName).tablets.flatMap(\.segments) {
      let reader = try segment.reader()
      for column in reader.schema.columns.indices {
        _ = try reader.zoneMap(column: column, page: 0)
      }
      // The use after it has grown.
      _ = try segment.reader()
    }
    #expect(Self.counters(bounded).evictions > 0)
    #expect(Self.counters(bounded).byteCount <= (opened + grown) / 2)
  }

  /// Of two halves one is used again and again.
  @Test func whatIsUsedStays() throws {
    let store = try Self.store(MemoryFileSystem(), limit: 8 * Self.segmentByteCount())
    let segments = try store.snapshot(of: TestStore.tableName).tablets.flatMap(\.segments)
    let hot = segments[..<4]
    for _ in 0..<3 { for segment in hot { _ = try segment.reader() } }
    let hits = Self.counters(store).hits
    for segment in segments[4...] {
      _ = try segment.reader()
      for segment in hot { _ = try segment.reader() }
    }
    #expect(Self.counters(store).evictions >= 8)
    // The hand may come by before all marks are set.
    #expect(Self.counters(store).hits - hits > 4 * (segments.count - 4) * 9 / 10)
  }

  /// A reader that is held outlives its place, and one opened anew finds its pages in the caches.
  @Test func pagesOutliveTheReader() throws {
    let store = try Self.store(MemoryFileSystem(), limit: 0)
    let table = try store.snapshot(of: TestStore.tableName)
    let query = Query.computing(.sum("amount")).computing(.countAll)
    let answer = try query.run(on: table).result.rows
    #expect(try query.run(on: table).result.rows == answer)
    let before = store.caches.pages.counters
    #expect(before.entryCount > 0)
    #expect(try query.run(on: table).result.rows == answer)
    let after = store.caches.pages.counters
    #expect(after.hits > before.hits && after.misses == before.misses)
    let segment = try #require(table.tablets[0].segments.first)
    #expect(try segment.reader() !== segment.reader())
    #expect(try segment.reader().identity == segment.reader().identity)
  }

  /// Segments that a compaction has replaced are let go of with the last snapshot, which can read
  /// them until then although nothing of them is kept.
  @Test(arguments: [0, Int.max]) func segmentsGoWithTheirRowsets(limit: Int) throws {
    let files = OpenFilesFileSystem(MemoryFileSystem())
    let store = try Self.store(files, limit: limit, TestStore.indexedDefinition(buckets: 2))
    let expected = try Self.ask(store)
    var held: TableSnapshot? = try store.snapshot(of: TestStore.tableName)
    #expect(store.caches.indexes.readerCounters.entryCount > 0)
    var run = CompactionRun(
      store: store, policy: EagerPolicy(threshold: 2), goal: .everything(.full))
    #expect(try run.run(held?.tablets.map(\.id) ?? []).jobsDone == 2)
    try store.sweepStaleRowsets()
    #expect(try Self.ask(store) == expected)
    if let held {
      let rows = try TestStore.rows(of: held.tablets.flatMap(\.segments))
      #expect(rows.count == Self.loadCount * Self.rowsPerLoad)
    }
    #expect(try TestStore.segmentFileCount(files, store) == 2 * Self.loadCount + 2)
    held = nil
    #expect(try TestStore.segmentFileCount(files, store) == 2)
    #expect(Self.counters(store).entryCount == (limit == 0 ? 0 : 2))
    #expect(try Self.ask(store) == expected)
    // Nothing is open but what the caches of segments and of indexes hold.
    let paths = Set(
      try store.snapshot(of: TestStore.tableName).tablets.flatMap(\.segments).map(\.path))
    #expect(paths.count == 2)
    #expect(files.openSegmentCount <= 2 + store.caches.indexes.readerCounters.entryCount)
    #expect(store.caches.indexes.readerCounters.entryCount <= 2 * 3)
  }

  @Test func threadsShareWhatIsOpened() throws {
    let files = OpenFilesFileSystem(MemoryFileSystem())
    let limit = try 5 * Self.segmentByteCount()
    let store = try Self.store(files, limit: limit)
    let expected = try Self.ask(store)
    let failures = Mutex<[String]>([])
    let threads = try WorkerPool(name: "readers", threadCount: 4)
    for _ in 0..<4 {
      threads.submit {
        do {
          for _ in 0..<12 where try Self.ask(store) != expected {
            failures.withLock { $0.append("another answer") }
          }
        } catch {
          failures.withLock { $0.append("\(error)") }
        }
      }
    }
    threads.shutdown()
    #expect(failures.withLock { $0 } == [])
    let counters = Self.counters(store)
    #expect(counters.byteCount <= limit && counters.evictions > 100)
    #expect(files.openSegmentCount == counters.entryCount)
  }
}
