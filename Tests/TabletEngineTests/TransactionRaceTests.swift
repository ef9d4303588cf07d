import ScanKernels
import StorageBase
import StorageIO
import Synchronization
import TabletModel
import Testing

@testable import TabletEngine

/// Real threads that want different things of the same transactions.
@Suite struct TransactionRaceTests {
  private func rows(_ load: Int) -> [TestStore.Row] {
    var random = SeededGenerator(seed: UInt64(load))
    return TestStore.rows(load: load, count: 4, random: &random)
  }

  private func create() throws -> Store {
    var options = StoreOptions(logFileByteCountMax: 30_000)
    options.groupLoadSeconds = 0.005
    let store = try Store.create(
      TestStore.path, files: MemoryFileSystem(), clock: SystemClock(), entropy: 7,
      options: options)
    try store.createTable(TestStore.definition(buckets: 2))
    return store
  }

  /// Every transaction is pre-committed by one thread while others commit and abort it, by id and
  /// by label. All who are told that it is visible, or aborted, are told the same.
  @Test func oneDecisionWins() throws {
    let store = try create()
    let threadCount = 6
    let loadCount = 60
    let answers = Mutex<[Int: Set<TransactionState>]>([:])
    let failures = Mutex<[String]>([])
    let pool = try WorkerPool(name: "clients", threadCount: threadCount)
    let ids = try (0..<loadCount).map { load in
      let transaction = try store.begin(label: "load \(load)")
      try transaction.builder(for: TestStore.tableName).append(TestStore.batch(rows(load)))
      try transaction.precommit()
      return transaction.id
    }
    for thread in 0..<threadCount {
      pool.submit {
        for (load, id) in ids.enumerated() {
          let isCommit = (thread + load) % 2 == 0
          do {
            if isCommit {
              _ =
                try thread < 3 ? store.commit(transaction: id) : store.commit(label: "load \(load)")
            } else {
              _ = try thread < 3 ? store.abort(transaction: id) : store.abort(label: "load \(load)")
            }
            answers.withLock { _ = $0[load, default: []].insert(isCommit ? .visible : .aborted) }
          } catch let error as TransactionError {
            switch error {
            case .aborted: answers.withLock { _ = $0[load, default: []].insert(.aborted) }
            case .notAbortable: answers.withLock { _ = $0[load, default: []].insert(.visible) }
            default: failures.withLock { $0.append("\(error)") }
            }
          } catch {
            failures.withLock { $0.append("\(error)") }
          }
        }
      }
    }
    pool.shutdown()
    #expect(failures.withLock { $0 } == [])
    var expected: [TestStore.Row] = []
    for load in 0..<loadCount {
      let told = answers.withLock { $0[load] ?? [] }
      #expect(told.count == 1, "load \(load): \(told)")
      #expect(store.transaction(ids[load])?.state == told.first)
      if told == [.visible] { expected += rows(load) }
    }
    #expect(try TestStore.contents(of: store) == TestStore.sorted(expected))
    #expect(StoreVerifier(store).run().problems == [])
  }

  /// Aborts by id meet loads at every moment of their lives: a load is acknowledged and there, or
  /// refused and not.
  @Test func abortsMeetRunningLoads() throws {
    let store = try create()
    let acknowledged = Mutex<Set<Int>>([])
    let running = Mutex<TransactionID?>(nil)
    let isDone = Mutex(false)
    let pool = try WorkerPool(name: "clients", threadCount: 2)
    pool.submit {
      while !isDone.withLock({ $0 }) {
        guard let id = running.withLock({ $0 }) else { continue }
        do { try store.abort(transaction: id) } catch {}
      }
    }
    let loads = 300
    pool.submit {
      for load in 0..<loads {
        do {
          let transaction = try store.begin()
          if load % 3 != 0 { running.withLock { $0 = transaction.id } }
          try transaction.builder(for: TestStore.tableName).append(TestStore.batch(rows(load)))
          if load % 2 == 0 { try transaction.precommit() }
          try transaction.commit()
          acknowledged.withLock { _ = $0.insert(load) }
        } catch {}
      }
      isDone.withLock { $0 = true }
    }
    pool.shutdown()
    let there = acknowledged.withLock { $0 }
    #expect(there.count >= loads / 3)
    let expected = there.flatMap { rows($0) }
    #expect(try TestStore.contents(of: store) == TestStore.sorted(expected))
  }

  /// Group loads of many clients, in both modes, with a maintenance loop and checkpoints.
  @Test func groupLoadsOfManyClients() throws {
    let store = try create()
    let maintenance = MaintenanceLoop(store: store)
    let clientCount = 6
    let pool = try WorkerPool(name: "clients", threadCount: clientCount + 1)
    let failures = Mutex<[String]>([])
    let left = Mutex(clientCount)
    for client in 0..<clientCount {
      pool.submit {
        do {
          for ordinal in 0..<25 {
            let load = client * 100 + ordinal
            let receipt = try store.groupLoad(
              TestStore.batch(rows(load)), into: TestStore.tableName,
              mode: client % 2 == 0 ? .sync : .async)
            #expect(receipt.isVisible == (client % 2 == 0))
            if ordinal % 10 == 9 { try store.checkpoint() }
          }
        } catch {
          failures.withLock { $0.append("\(error)") }
        }
        if left.withLock({
          $0 -= 1
          return $0 == 0
        }) {
          maintenance.stop()
        }
      }
    }
    pool.submit { maintenance.run() }
    pool.shutdown()
    try store.flushGroupLoads()
    #expect(failures.withLock { $0 } == [])
    let expected = (0..<clientCount).flatMap { client in
      (0..<25).flatMap { rows(client * 100 + $0) }
    }
    #expect(try TestStore.contents(of: store) == TestStore.sorted(expected))
    let versions = try store.snapshot(of: TestStore.tableName).tablets.map(\.version)
    #expect(versions.allSatisfy { $0 < Version(100) }, "\(versions)")
  }
}
