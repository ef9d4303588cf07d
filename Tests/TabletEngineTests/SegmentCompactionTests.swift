import StorageBase
import StorageIO
import Testing

@testable import TabletEngine

/// Loads of many buffers, which join their segments while they go on.
@Suite struct SegmentCompactionTests {
  private static func options(_ segmentCountMin: Int?) -> StoreOptions {
    var options = StoreOptions(inlineRowsetByteCountMax: 0, staleGraceSeconds: 0)
    // Every batch is a flush.
    options.loadBufferByteCountMax = 1
    options.segmentCompaction = segmentCountMin.map {
      var rules = SegmentCompactionRules()
      rules.segmentCountMin = $0
      return rules
    }
    return options
  }

  private static let shapes = [
    UniqueKeyModel.Shape(index: .hash), UniqueKeyModel.Shape(index: .sorted, buckets: 2),
    UniqueKeyModel.Shape(index: .hash, hasStringKey: true, rowStore: .all),
    UniqueKeyModel.Shape(index: .hash, hasSequence: true),
    UniqueKeyModel.Shape(index: .sorted, hasSequence: true, rowStore: .all),
    UniqueKeyModel.Shape(merge: .onRead), UniqueKeyModel.Shape(merge: .onRead, hasSequence: true),
  ]

  /// Jobs are runs of neighbours within the limits, and as long as these allow.
  @Test(arguments: 0..<100 as Range<UInt64>) func jobsKeepTheLimits(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var rules = SegmentCompactionRules()
    rules.segmentCountMin = 2 + Int(random.next() % 10)
    rules.candidateRowCountMax = 80
    rules.candidateByteCountMax = 900
    rules.jobRowCountMax = 150
    rules.jobByteCountMax = 1500
    let segments = (0..<Int(random.next() % 30)).map { _ in
      SegmentCompactionRules.Candidate(
        rowCount: 1 + Int(random.next() % 100), byteCount: 1 + Int(random.next() % 1000))
    }
    let jobs = rules.jobs(among: segments)
    #expect(jobs.isEmpty || segments.count >= rules.segmentCountMin)
    guard segments.count >= rules.segmentCountMin else { return }
    func fits(_ range: Range<Int>) -> Bool {
      segments[range].allSatisfy { $0.rowCount <= 80 && $0.byteCount <= 900 }
        && segments[range].reduce(0) { $0 + $1.rowCount } <= 150
        && segments[range].reduce(0) { $0 + $1.byteCount } <= 1500
    }
    for (job, next) in zip(jobs, jobs.dropFirst()) { #expect(job.upperBound <= next.lowerBound) }
    for job in jobs {
      #expect(job.count > 1 && fits(job))
      if job.upperBound < segments.count {
        #expect(!fits(job.lowerBound..<job.upperBound + 1), "it could be longer")
      }
    }
    // Two neighbours that are in no job do not fit together.
    for place in segments.indices.dropLast() {
      guard !jobs.contains(where: { $0.overlaps(place..<place + 2) }) else { continue }
      #expect(!fits(place..<place + 2))
    }
  }

  /// A load that joins its segments has the rows that a dictionary has, in few segments, which are
  /// those on disk, and later loads and restarts find its keys.
  @Test(arguments: shapes, 0..<4 as Range<UInt64>)
  func keysAreResolvedAlike(shape: UniqueKeyModel.Shape, seed: UInt64) throws {
    for segmentCountMin in [nil, 3] as [Int?] {
      let files = MemoryFileSystem()
      let options = Self.options(segmentCountMin)
      let expected = try Self.fill(files, shape, seed, options)
      let isJoined = files.counters[.segmentCompaction].bytesWritten > 0
      #expect(isJoined == (segmentCountMin != nil))
      let store = try TestStore.open(files, options: options)
      #expect(StoreVerifier(store).run().problems == [])
      let rows = try UniqueKeyModel.contents(of: store.snapshot(of: UniqueKeyModel.table))
      #expect(rows == expected && !rows.isEmpty)
    }
  }

  /// Three loads of several batches each, with repeated keys and deletions.
  /// - Returns: what has to be there.
  private static func fill(
    _ files: MemoryFileSystem, _ shape: UniqueKeyModel.Shape, _ seed: UInt64,
    _ options: StoreOptions
  ) throws -> [UniqueKeyModel.Row] {
    let store = try Store.create(
      TestStore.path, files: files, clock: ManualClock(Timestamp(rawValue: 1_000_000)), entropy: 7,
      options: options)
    try store.createTable(UniqueKeyModel.definition(shape))
    var model = UniqueKeyModel(shape)
    var random = SeededGenerator(seed: seed)
    for number in 0..<3 {
      let builder = try store.beginLoad(into: UniqueKeyModel.table)
      for batch in 0..<8 {
        let load = try model.makeLoad(10 * number + batch, &random)
        try builder.append(load.batch, deleteSigns: load.deleteSigns)
        model.publish(load, sequence: 0)
      }
      try store.commit(builder.prepare())
      let table = try store.snapshot(of: UniqueKeyModel.table)
      #expect(try UniqueKeyModel.contents(of: table) == model.visible)
      try expectFewSegments(store, files)
    }
    return model.visible
  }

  /// No file is there that no rowset has, and no rowset has many.
  private static func expectFewSegments(_ store: Store, _ files: MemoryFileSystem) throws {
    let rowsets = store.snapshot().flatMap(\.tablets).flatMap(\.rowsets)
    let segmentCount = rowsets.reduce(0) { $0 + $1.segments.count }
    #expect(try TestStore.segmentFileCount(files, store) == segmentCount)
    guard let rules = store.options.segmentCompaction else { return }
    for rowset in rowsets {
      // Eight flushes: what was joined, and those that were not enough.
      #expect(rowset.segments.count <= 8 / rules.segmentCountMin + rules.segmentCountMin - 1)
      #expect(rowset.summary.segmentsOverlap == (rowset.segments.count > 1))
    }
  }

  /// Where every row stays, the same rows are there, in key order if there is one segment.
  @Test(arguments: [false, true]) func rowsStay(isIndexed: Bool) throws {
    for seed in 0..<6 as Range<UInt64> {
      let files = MemoryFileSystem()
      let store = try Store.create(
        TestStore.path, files: files, clock: ManualClock(Timestamp(rawValue: 1_000_000)),
        entropy: 7, options: Self.options(4))
      try store.createTable(
        isIndexed ? TestStore.indexedDefinition(buckets: 2) : TestStore.definition(buckets: 2))
      var random = SeededGenerator(seed: seed)
      var expected: [TestStore.Row] = []
      let builder = try store.beginLoad(into: TestStore.tableName)
      for batch in 0..<4 * (1 + Int(seed % 2)) {
        let rows = TestStore.rows(load: batch, count: 30, random: &random)
        expected += rows
        try builder.append(TestStore.batch(rows))
      }
      try store.commit(builder.prepare())
      #expect(try TestStore.contents(of: store) == TestStore.sorted(expected))
      #expect(StoreVerifier(store).run().problems == [])
      let rowsets = store.snapshot()[0].tablets.compactMap(\.rowsets.last)
      #expect(rowsets.allSatisfy { $0.segments.count == 1 + Int(seed % 2) })
      try Self.expectFewSegments(store, files)
    }
  }

  /// A load that is let go of, or fails at any operation of the disk, leaves no file behind once
  /// the store has been opened again, and no row.
  @Test func failuresLeaveNothing() throws {
    for failure in 0..<60 {
      let files = MemoryFileSystem()
      let faulty = FaultyFileSystem(files)
      var hasFailed = false
      do {
        let store = try TestStore.create(faulty, options: Self.options(3), buckets: 1)
        var random = SeededGenerator(seed: 1)
        let builder = try store.beginLoad(into: TestStore.tableName)
        faulty.replacePlan(.failing(operation: failure))
        for batch in 0..<7 {
          let rows = TestStore.rows(load: batch, count: 10, random: &random)
          try builder.append(TestStore.batch(rows))
        }
        _ = try builder.prepare()
      } catch is StorageError {
        hasFailed = true
      }
      #expect(hasFailed || failure > 20, "nothing was tried")
      let store = try TestStore.open(files, options: Self.options(3))
      #expect(try TestStore.contents(of: store).isEmpty)
      #expect(try TestStore.segmentFileCount(files, store) == 0)
    }
  }
}
