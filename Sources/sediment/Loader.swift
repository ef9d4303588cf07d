import Glibc
import IngestDriver
import StorageBase
import StorageIO
import Synchronization
import TabletEngine
import TabletModel

/// Loads what some sources deliver, a thread for each, with compaction beside them. Thread-safe.
final class Loader: Sendable {
  private struct State {
    var rows = 0
    var loads = 0
    var error: (any Error)?
  }

  private let store: Store
  private let effect: RowEffect
  /// Nil makes a load of every batch of its source.
  private let rowsPerLoad: Int?
  private let showsAcknowledged: Bool
  private let interrupt: InterruptFlag
  private let progress: LoadProgress
  private let state = Mutex(State())

  init(
    store: Store, effect: RowEffect, rowsPerLoad: Int?, showsAcknowledged: Bool,
    interrupt: InterruptFlag, progress: LoadProgress
  ) {
    self.store = store
    self.effect = effect
    self.rowsPerLoad = rowsPerLoad
    self.showsAcknowledged = showsAcknowledged
    self.interrupt = interrupt
    self.progress = progress
  }

  var rowCount: Int { state.withLock { $0.rows } }
  var loadCount: Int { state.withLock { $0.loads } }

  /// Returns when all sources have ended, one has failed, or the user has interrupted.
  /// - Throws: the first error of a writer. What was acknowledged before it stays.
  func run(
    policy: any CompactionPolicy, rules: SchedulingRules, sources: [LockedSource]
  ) throws {
    let upkeep = try StoreUpkeep(store, policy: policy, rules: rules) { error in
      self.state.withLock { $0.error = $0.error ?? error }
    }
    let loadPool = try WorkerPool(name: "load", threadCount: sources.count)
    for (writer, source) in sources.enumerated() {
      loadPool.submit { self.load(from: source, writer: writer) }
    }
    loadPool.shutdown()
    upkeep.stop(cancelsRunning: interrupt.isSet)
    if let error = state.withLock({ $0.error }) { throw error }
  }

  private func load(from source: LockedSource, writer: Int) {
    do {
      var load = 0
      while !interrupt.isSet, state.withLock({ $0.error == nil }),
        let next = try nextLoad(from: source)
      {
        let receipt = try store.commit(next.prepare())
        acknowledge(receipt, writer: writer, load: load)
        load += 1
      }
    } catch {
      state.withLock { $0.error = $0.error ?? error }
    }
  }

  /// The rows of one load; nil when there are none left. A large load takes several batches, each
  /// of which may be on disk before the next is read.
  private func nextLoad(from source: LockedSource) throws -> OpenLoad? {
    var load: OpenLoad?
    var missing = rowsPerLoad ?? .max
    while missing > 0, let rows = try source.withLock({ try $0.nextRows(maxRows: missing) }) {
      let started = try load ?? effect.begin(in: store)
      load = started
      try started.append(rows)
      missing = rowsPerLoad == nil ? 0 : missing - rows.batch.rowCount
    }
    return load
  }

  private func acknowledge(_ receipt: CommitReceipt, writer: Int, load: Int) {
    state.withLock {
      $0.rows += receipt.rowCount
      $0.loads += 1
      progress.show(rowCount: $0.rows)
    }
    guard showsAcknowledged else { return }
    // Unbuffered, and in one call, so that a line is seen as soon as it is true.
    let line = Array("acknowledged \(writer) \(load)\n".utf8)
    _ = write(STDOUT_FILENO, line, line.count)
  }
}
