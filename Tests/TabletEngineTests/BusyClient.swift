import StorageBase
import StorageIO
import TabletModel
import Testing

@testable import TabletEngine

/// A client of a unique-key table that does everything there is, on one thread, and knows what has
/// to be there after each step.
final class BusyClient: @unchecked Sendable {
  let store: Store
  private let shape: UniqueKeyModel.Shape
  private let options: StoreOptions
  private let disk: MemoryFileSystem
  private let clock = ManualClock(Timestamp(rawValue: 1_000_000))
  private var model: UniqueKeyModel
  private var random: SeededGenerator
  private var number = 0
  /// Loads that wait for a decision, and those that have had theirs.
  private var waiting: [(id: TransactionID, load: UniqueKeyModel.Load)] = []
  private var decided: [TransactionID: TransactionState] = [:]

  /// - Parameter files: what the store sees of the disk.
  init(
    _ shape: UniqueKeyModel.Shape, _ disk: MemoryFileSystem, _ files: any FileSystem,
    options: StoreOptions, seed: UInt64 = 5
  ) throws {
    self.shape = shape
    self.disk = disk
    self.options = options
    model = UniqueKeyModel(shape)
    random = SeededGenerator(seed: seed)
    store = try Store.create(
      TestStore.path, files: files, clock: clock, entropy: 7, options: options)
    try store.createTable(UniqueKeyModel.definition(shape))
  }

  /// One step of each kind in turn.
  func work() throws {
    number += 1
    switch number % 6 {
    case 0: try decide()
    case 1 where shape.merge == .onWrite: try update()
    case 2: try precommit()
    case 3:
      let seed = random.next()
      UniqueKeyHistory.compact(
        store, RandomRangePolicy(seed: seed, includesBase: !shape.hasSequence), seed: seed)
    case 4:
      clock.advance(bySeconds: 2)
      try store.sweepStaleRowsets()
    default: break
    }
    let load = try model.makeLoad(number, &random)
    model.publish(load, sequence: try store.commit(prepare(load)).sequence)
  }

  private func prepare(_ load: UniqueKeyModel.Load, label: String = "") throws -> PreparedLoad {
    let builder = try store.beginLoad(into: UniqueKeyModel.table, label: label)
    try builder.append(load.batch, deleteSigns: load.deleteSigns)
    return try builder.prepare()
  }

  private func update() throws {
    let load = try PartialKeyLoad(model.makeLoad(number, &random), model, &random)
    model.publish(load, sequence: try store.commit(load.prepare(in: store)).sequence)
  }

  private func precommit() throws {
    let load = try model.makeLoad(number, &random)
    let prepared = try prepare(load, label: "load \(number)")
    try store.precommit(prepared)
    waiting.append((prepared.transaction, load))
  }

  private func decide() throws {
    guard !waiting.isEmpty else { return }
    let (id, load) = waiting.removeFirst()
    if number % 4 == 0 {
      try store.abort(transaction: id)
      decided[id] = .aborted
    } else {
      model.publish(load, sequence: try store.commit(transaction: id).sequence)
      decided[id] = .visible
    }
  }

  /// What the store shows is what has to be there, and it is sound.
  func check(_ comment: Comment) throws { try check(store, comment) }

  /// The same of what a power failure at this moment leaves.
  func checkSurvivor(seed: UInt64, _ comment: Comment) throws {
    let survivor = disk.crash(seed: seed)
    let reopened = try TestStore.open(survivor, options: options)
    try check(reopened, comment)
    // Without its newest checkpoint it comes to the same end.
    guard seed % 3 == 0 else { return }
    let copy = survivor.crash(seed: 0)
    guard let newest = try CheckpointFallbackTests.newestCheckpoint(copy) else { return }
    try BackupTests.flip(copy, newest, byte: 40)
    try check(TestStore.open(copy, options: options), comment)
  }

  private func check(_ store: Store, _ comment: Comment) throws {
    let table = try store.snapshot(of: UniqueKeyModel.table)
    #expect(try UniqueKeyModel.contents(of: table) == model.visible, comment)
    #expect(StoreVerifier(store).run().problems == [], comment)
    for (id, _) in waiting {
      #expect(store.transaction(id)?.state == .precommitted, comment)
    }
    for (id, state) in decided { #expect(store.transaction(id)?.state == state, comment) }
  }
}
