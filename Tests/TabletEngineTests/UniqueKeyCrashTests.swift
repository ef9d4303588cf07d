import Glibc
import StorageBase
import StorageIO
import TabletModel
import Testing

@testable import TabletEngine

/// Fails or cuts off file operations of a history of a unique-key table in turn: what was
/// acknowledged is there, a load that was refused is there whole or not at all, and every key has
/// one row.
@Suite struct UniqueKeyCrashTests {
  enum Failure: CaseIterable {
    case ioError, fullDisk, tornWrite, death

    func plan(_ operation: Int) -> FaultPlan {
      switch self {
      case .ioError: .failing(operation: operation, with: .error(code: EIO))
      case .fullDisk: .failing(operation: operation, with: .error(code: ENOSPC))
      case .tornWrite:
        .failing(operation: operation, with: .tornWrite(code: EIO), seed: UInt64(operation))
      case .death: .dying(atOperation: operation, seed: UInt64(operation))
      }
    }
  }

  @Test(arguments: UniqueKeyTests.shapes, Failure.allCases)
  func whatWasAcknowledgedIsThereOnce(shape: UniqueKeyModel.Shape, failure: Failure) throws {
    var options = StoreOptions(
      inlineRowsetByteCountMax: shape.hasStringKey ? 1 << 16 : 0, logFileByteCountMax: 4000,
      staleGraceSeconds: 0)
    if failure == .ioError || failure == .death {
      options.keyIndexCacheByteCountMax = 0
      options.segmentCacheByteCountMax = 0
    }
    let steps = OperationSteps(every: 71, test: shape.description.utf8.count + failure.hashOrder)
    var last = 0
    for operation in steps.numbers {
      let disk = MemoryFileSystem()
      let files = FaultyFileSystem(disk, plan: failure.plan(operation))
      var client = UniqueKeyClient(shape, options: options)
      try client.work(on: files)
      if files.injectedFaults.isEmpty { break }
      try client.check(
        disk.crash(seed: UInt64(operation)), "operation \(operation) of \(shape), \(failure)")
      last = operation
    }
    #expect(last > 100, "too few operations to mean anything")
  }
}

extension UniqueKeyCrashTests.Failure {
  fileprivate var hashOrder: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

/// A client of one table, and what it may expect.
private struct UniqueKeyClient {
  private let options: StoreOptions
  private let shape: UniqueKeyModel.Shape
  private var isCreated = false
  /// What may be there; they differ in deletions only, which nobody sees.
  private var models: [UniqueKeyModel]
  /// Loads that were refused since the last one that was not: one of them may be there if the
  /// process has ended since.
  private var doubtful: [Load] = []

  enum Load {
    case whole(UniqueKeyModel.Load)
    case partial(PartialKeyLoad)

    var isEmpty: Bool {
      switch self {
      case .whole(let load): load.rows.isEmpty
      case .partial(let load): load.rows.isEmpty
      }
    }

    func publish(in model: inout UniqueKeyModel, sequence: UInt64) {
      switch self {
      case .whole(let load): model.publish(load, sequence: sequence)
      case .partial(let load): model.publish(load, sequence: sequence)
      }
    }
  }

  private var twoPhase: [(id: TransactionID, load: Load)] = []
  private var random = SeededGenerator(seed: 21)

  init(_ shape: UniqueKeyModel.Shape, options: StoreOptions) {
    self.shape = shape
    self.options = options
    models = [UniqueKeyModel(shape)]
  }

  /// Two processes that load, compact, sweep, write checkpoints and read, whatever fails.
  mutating func work(on files: any FileSystem) throws {
    do {
      let store = try Store.create(
        TestStore.path, files: files, clock: ManualClock(Timestamp(rawValue: 1_000_000)),
        entropy: 7, options: options)
      try store.createTable(UniqueKeyModel.definition(shape))
      isCreated = true
      try load(0..<7, into: store)
      let load = try UniqueKeyModel(shape).makeLoad(50, &random)
      let builder = try store.beginLoad(into: UniqueKeyModel.table)
      try builder.append(load.batch, deleteSigns: load.deleteSigns)
      let prepared = try builder.prepare()
      try store.precommit(prepared)
      doubtful = []
      twoPhase.append((prepared.transaction, .whole(load)))
      if shape.merge == .onWrite {
        let partial = try PartialKeyLoad(
          UniqueKeyModel(shape).makeLoad(51, &random), UniqueKeyModel(shape), &random)
        let waiting = try partial.prepare(in: store)
        try store.precommit(waiting)
        twoPhase.append((waiting.transaction, .partial(partial)))
      }
    } catch is StorageError {}
    guard isCreated else { return }
    do {
      let store = try TestStore.open(files, options: options)
      try settle(store, "the second process")
      for (id, load) in twoPhase {
        try commit(load) { try store.commit(transaction: id).sequence }
      }
      try self.load(7..<11, into: store)
    } catch is StorageError {}
  }

  private mutating func load(_ numbers: Range<Int>, into store: Store) throws {
    for number in numbers {
      let load = try UniqueKeyModel(shape).makeLoad(number, &random)
      if shape.merge == .onWrite, number % 2 == 1 {
        let partial = try PartialKeyLoad(load, UniqueKeyModel(shape), &random)
        try commit(.partial(partial)) {
          try store.commit(partial.prepare(in: store)).sequence
        }
      }
      try commit(.whole(load)) {
        let builder = try store.beginLoad(into: UniqueKeyModel.table)
        try builder.append(load.batch, deleteSigns: load.deleteSigns)
        return try store.commit(builder.prepare()).sequence
      }
      if number % 3 == 1 { compact(store) }
      if number % 4 == 3 {
        do { try store.sweepStaleRowsets() } catch is StorageError {}
        do { try store.checkpoint() } catch is StorageError {}
      }
      do {
        let found = try contents(of: store)
        #expect(expected.contains(found), "\(shape), load \(number)")
      } catch is StorageError {}
    }
  }

  private mutating func commit(
    _ load: Load, _ body: () throws -> UInt64
  ) throws {
    do {
      let sequence = try body()
      // What was refused before has not happened; nothing is written for no rows.
      if !load.isEmpty { doubtful = [] }
      for index in models.indices { load.publish(in: &models[index], sequence: sequence) }
    } catch is StorageError {
      doubtful.append(load)
    }
  }

  private mutating func compact(_ store: Store) {
    let scheduler = CompactionScheduler(
      store: store,
      policy: RandomRangePolicy(seed: random.next(), includesBase: !shape.hasSequence),
      lanes: [CompactionLane(kinds: [.cumulative], slotCount: 1, executor: InlineExecutor())])
    scheduler.start()
    scheduler.stop(cancelRunning: false)
  }

  private func contents(of store: Store) throws -> [UniqueKeyModel.Row] {
    try UniqueKeyModel.contents(of: store.snapshot(of: UniqueKeyModel.table))
  }

  /// What may be there.
  private var expected: [[UniqueKeyModel.Row]] { possible.map(\.visible) }

  private var possible: [UniqueKeyModel] {
    models
      + doubtful.flatMap { load in
        models.map { model in
          var other = model
          load.publish(in: &other, sequence: 0)
          return other
        }
      }
  }

  /// Finds out what a process that has ended has done.
  private mutating func settle(_ store: Store, _ comment: Comment) throws {
    let found = try contents(of: store)
    let settled = possible.filter { $0.visible == found }
    #expect(!settled.isEmpty, comment)
    models = settled
    doubtful = []
  }

  /// After a crash the table has what it should, and goes on.
  mutating func check(_ files: any FileSystem, _ comment: Comment) throws {
    guard isCreated else { return }
    let store = try TestStore.open(files, options: options)
    try settle(store, comment)
    #expect(StoreVerifier(store).run().problems == [], comment)
    let load = try UniqueKeyModel(shape).makeLoad(90, &random)
    let builder = try store.beginLoad(into: UniqueKeyModel.table)
    try builder.append(load.batch, deleteSigns: load.deleteSigns)
    try store.commit(builder.prepare())
    for index in models.indices { models[index].publish(load, sequence: 0) }
    compact(store)
    let found = try contents(of: store)
    #expect(expected.contains(found), comment)
    #expect(StoreVerifier(store).run().problems == [], comment)
  }
}
