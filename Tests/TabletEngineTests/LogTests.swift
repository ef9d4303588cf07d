import ScanKernels
import StorageBase
import StorageIO
import TabletModel
import Testing

@testable import TabletEngine

/// The log against damage: what is torn at the end is cut off, everything else is noticed.
@Suite struct LogTests {
  /// A store with a handful of loads, closed.
  private func filledFiles(
    loads: Int, options: StoreOptions = StoreOptions()
  ) throws -> (files: MemoryFileSystem, rows: [TestStore.Row]) {
    let files = MemoryFileSystem()
    let store = try TestStore.create(files, options: options, buckets: 2)
    var random = SeededGenerator(seed: 4)
    var all: [TestStore.Row] = []
    for load in 0..<loads {
      let rows = TestStore.rows(load: load, count: 4, random: &random)
      try store.load(TestStore.batch(rows), into: TestStore.tableName)
      all += rows
    }
    return (files, all)
  }

  private let log = TestStore.path + "/log/0000000001.log"

  private func bytes(of path: String, _ files: any FileSystem) throws -> [UInt8] {
    let file = try files.openForReading(path, cause: .tool)
    return try file.read(at: 0, count: Int(file.byteCount))
  }

  private func replace(_ path: String, with bytes: [UInt8], _ files: any FileSystem) throws {
    try files.create(path, cause: .tool).append(bytes)
  }

  /// Cut anywhere, the log gives the loads that are whole, in order.
  @Test func everyTruncationKeepsAPrefix() throws {
    let (files, rows) = try filledFiles(loads: 5)
    let whole = try bytes(of: log, files)
    var counts: [Int] = []
    for length in stride(from: whole.count, through: 0, by: -7) {
      try replace(log, with: Array(whole[..<length]), files)
      let store = try TestStore.open(files)
      guard !store.snapshot().isEmpty else { continue }
      let found = try TestStore.contents(of: store)
      #expect(found.count % 4 == 0)
      #expect(found == TestStore.sorted(Array(rows[..<found.count])), "cut to \(length)")
      counts.append(found.count)
    }
    #expect(counts == counts.sorted(by: >))
    #expect(Set(counts).count == 6)
  }

  /// A flipped bit is refused with its place, or, in the last frame, costs that frame.
  @Test func everyFlippedByteIsNoticed() throws {
    let (files, rows) = try filledFiles(loads: 3)
    let whole = try bytes(of: log, files)
    var refused = 0
    for index in stride(from: 0, to: whole.count, by: 3) {
      var damaged = whole
      damaged[index] ^= 0x20
      try replace(log, with: damaged, files)
      do {
        let store = try TestStore.open(files)
        let found = try TestStore.contents(of: store)
        #expect(found == TestStore.sorted(Array(rows[..<8])), "byte \(index)")
      } catch let error as StorageError {
        refused += 1
        switch error {
        case .corrupt(let file, _, _, _, _): #expect(file == log)
        case .unsupportedFormat: #expect((8..<12).contains(index))
        default: Issue.record("byte \(index): \(error)")
        }
      }
    }
    #expect(refused > whole.count / 6)
  }

  /// Records come back as they were, and every cut of one is refused.
  @Test func recordsRoundTrip() throws {
    let rowset = RowsetMeta(
      entry: RowsetEntry(
        id: RowsetID(rawValue: 9),
        summary: RowsetSummary(
          versions: VersionRange(3, 8), byteCount: 77, rowCount: 5, segmentCount: 2,
          segmentsOverlap: true, mergeDepth: 3, createdAt: Timestamp(rawValue: 12))),
      segments: [.file(byteCount: 70), .file(byteCount: 7)])
    let records: [LogRecord] = [
      .createTable(
        TableCreation(
          id: TableID(rawValue: 1), definition: try TestStore.definition(buckets: 2),
          createdAt: Timestamp(rawValue: 5),
          tablets: (1...2).map {
            TableCreation.Tablet(
              id: TabletID(rawValue: $0), initialRowset: RowsetID(rawValue: $0 + 10))
          })),
      .commit(
        LoadCommit(
          sequence: 4, at: Timestamp(rawValue: 6), label: "ä label",
          parts: [LoadCommit.Part(tablet: TabletID(rawValue: 2), rowset: rowset)])),
      .compact(
        CompactionCommit(
          tablet: TabletID(rawValue: 1), kind: .base, cumulativePoint: Version(9),
          at: Timestamp(rawValue: 7), inputs: [RowsetID(rawValue: 1), RowsetID(rawValue: 2)],
          output: rowset)),
      .sweep(tablet: TabletID(rawValue: 3), rowsets: [RowsetID(rawValue: 4)]),
      .commit(
        LoadCommit(
          transaction: TransactionID(rawValue: 8), sequence: 4, at: Timestamp(rawValue: 6),
          label: "", parts: [],
          covered: GroupRowsCover(table: TableID(rawValue: 3), end: 12))),
      .precommit(
        LoadPrecommit(
          transaction: TransactionID(rawValue: 8), label: "l", startedAt: Timestamp(rawValue: 1),
          at: Timestamp(rawValue: 2), deadline: Timestamp(rawValue: 3),
          parts: [LoadCommit.Part(tablet: TabletID(rawValue: 2), rowset: rowset)])),
      .decide(
        TransactionDecision(
          transaction: TransactionID(rawValue: 8), at: Timestamp(rawValue: 2),
          outcome: .commit(sequence: 7))),
      .decide(
        TransactionDecision(
          transaction: TransactionID(rawValue: 8), at: Timestamp(rawValue: 2),
          outcome: .abort(reason: "why not"))),
      .reserveTransactions(below: TransactionID(rawValue: 99)),
    ]
    for record in records {
      var writer = ByteWriter()
      record.encode(into: &writer)
      try writer.bytes.withUnsafeBytes { (bytes: UnsafeRawBufferPointer) throws in
        var reader = ByteReader(bytes, file: "log")
        let decoded = try LogRecord.decode(from: &reader, file: 1)
        #expect(decoded == record)
        #expect(reader.remaining == 0)
        for count in 0..<bytes.count {
          var cut = ByteReader(UnsafeRawBufferPointer(rebasing: bytes[..<count]), file: "log")
          #expect(isRefused(&cut), "cut to \(count) bytes")
        }
      }
    }
  }

  /// Frames that were never synced may be left in any part: what is behind a hole is cut off. Once
  /// a later frame says that they were on disk, a hole is damage.
  @Test func holesAreCutOffUnlessTheyWereOnDisk() throws {
    for isSynced in [false, true] {
      let files = MemoryFileSystem()
      var ends: [Int] = []
      do {
        let store = try Store.create(
          TestStore.path, files: files, clock: ManualClock(), entropy: 7,
          options: TestStore.unreserved)
        try store.createTable(
          TableDefinition(
            name: TestStore.tableName, schema: TestStore.schema(), durability: .none))
        _ = try store.begin()
        var random = SeededGenerator(seed: 4)
        for load in 0..<4 {
          if load == 3, isSynced { try store.begin(label: "p").precommit() }
          let rows = TestStore.rows(load: load, count: 4, random: &random)
          try store.load(TestStore.batch(rows), into: TestStore.tableName)
          ends.append(try bytes(of: log, files).count)
        }
      }
      var whole = try bytes(of: log, files)
      for index in ends[0]..<ends[0] + 300 { whole[index] = 0 }
      try replace(log, with: whole, files)
      if isSynced {
        #expect(throws: StorageError.self) { _ = try TestStore.open(files) }
      } else {
        #expect(try TestStore.contents(of: TestStore.open(files)).count == 4)
        #expect(try bytes(of: log, files).count == ends[0])
      }
    }
  }

  /// So do repairs.
  @Test func repairsRoundTrip() throws {
    let saved = RowsetMeta(
      entry: RowsetEntry(
        id: RowsetID(rawValue: 9),
        summary: RowsetSummary(
          versions: VersionRange(3, 8), byteCount: 77, rowCount: 5, segmentCount: 2,
          createdAt: Timestamp(rawValue: 12))),
      segments: [.file(byteCount: 70), .file(byteCount: 7)])
    let repair = TabletRepair(
      replacements: [
        .init(
          damaged: RowsetID(rawValue: 5),
          successors: [.reinstated(RowsetID(rawValue: 6)), .saved(saved.entry)])
      ], dropped: [RowsetID(rawValue: 7)])
    let record = LogRecord.repair(
      RepairCommit(
        at: Timestamp(rawValue: 9),
        parts: [
          .init(
            tablet: TabletID(rawValue: 3), repair: repair,
            placements: [saved.entry.id: saved.segments])
        ]))
    var writer = ByteWriter()
    record.encode(into: &writer)
    for length in 0...writer.count {
      try writer.bytes[..<length].withUnsafeBytes { bytes in
        var reader = ByteReader(bytes, file: "log")
        if length == writer.count {
          let found = try LogRecord.decode(from: &reader, file: 1)
          #expect(found == record && reader.remaining == 0)
        } else {
          #expect(throws: StorageError.self) { try LogRecord.decode(from: &reader, file: 1) }
        }
      }
    }
  }

  private func isRefused(_ reader: inout ByteReader) -> Bool {
    do {
      _ = try LogRecord.decode(from: &reader, file: 1)
      return false
    } catch {
      return error is StorageError
    }
  }

  /// A changed checkpoint is never believed. As long as all log files are there it is not needed;
  /// without them the store is refused.
  @Test(arguments: [0, 1 << 16]) func damagedCheckpointsAreNoticed(inlineBytes: Int) throws {
    let options = StoreOptions(inlineRowsetByteCountMax: inlineBytes)
    let (files, rows) = try filledFiles(loads: 3, options: options)
    do { try TestStore.open(files).checkpoint() }
    // The checkpoint alone does not need it.
    if inlineBytes == 0 { try files.remove(TestStore.path + "/log/0000000001.log") }
    let path = TestStore.path + "/checkpoint/0000000002.ckpt"
    let whole = try bytes(of: path, files)
    for index in whole.indices {
      var damaged = whole
      damaged[index] ^= 1
      try replace(path, with: damaged, files)
      if inlineBytes == 0 {
        #expect(throws: StorageError.self) { _ = try TestStore.open(files) }
      } else {
        #expect(try TestStore.contents(of: TestStore.open(files)) == TestStore.sorted(rows))
      }
    }
    try replace(path, with: whole, files)
    #expect(try TestStore.contents(of: TestStore.open(files)).count == 12)
  }

  @Test func refusesWhatIsNoStore() throws {
    let files = MemoryFileSystem()
    #expect(throws: StorageError.self) { _ = try TestStore.open(files) }
    try files.createDirectory(TestStore.path)
    try files.create(TestStore.path + "/notes.txt", cause: .tool).append([1, 2, 3])
    #expect(throws: StorageError.self) { _ = try TestStore.open(files) }
    #expect(throws: StorageError.self) { _ = try TestStore.create(files) }
  }

  @Test func oneProcessAtATime() throws {
    let files = MemoryFileSystem()
    let store = try TestStore.create(files)
    #expect(throws: StorageError.self) { _ = try TestStore.open(files) }
    _ = store
  }
}
