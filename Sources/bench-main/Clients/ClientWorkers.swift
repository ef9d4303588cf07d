import BenchKit
import QueryEngine
import StorageBase
import StorageIO
import Synchronization
import TabletEngine
import WorkloadGroups

/// What the threads of a run do with operations that have been let in. Thread-safe.
final class ClientWorkers: Sendable {
  private let store: Store
  private let orders: ShopOrders
  private let questions: ShopQuestions
  /// The first clients write, the others read.
  private let writers: [WritingClient]
  private let settings: ClientSettings
  private let rowsPerLoad: Int
  private let seed: UInt64
  private let queues: ClientQueues
  private let crowd: ClientCrowd
  private let counters: ClientCounters
  private let onScan: @Sendable ([TabletID]) -> Void
  private let clock = MonotonicClock()
  private let nextOrdinal = Atomic<UInt64>(0)
  private let isStopped = Atomic<Bool>(false)
  /// Operations that have been sent and not answered.
  private let openCount = Atomic<Int>(0)
  /// Whether clients send the next operation as soon as they are answered.
  private var loadsFollow: Bool { settings.loadsPerSecond == 0 }
  private var questionsFollow: Bool { settings.queriesPerSecond == 0 }

  /// Loads that become one version, at most.
  static let loadBatchMax = 2048

  init(
    store: Store, orders: ShopOrders, writers: [WritingClient], settings: ClientSettings,
    rowsPerLoad: Int, seed: UInt64, queues: ClientQueues, crowd: ClientCrowd,
    counters: ClientCounters, onScan: @escaping @Sendable ([TabletID]) -> Void
  ) {
    self.store = store
    self.orders = orders
    questions = ShopQuestions(orders: orders, spanRows: settings.spanRows)
    self.writers = writers
    self.settings = settings
    self.rowsPerLoad = rowsPerLoad
    self.seed = seed
    self.queues = queues
    self.crowd = crowd
    self.counters = counters
    self.onScan = onScan
  }

  // MARK: Sending

  /// An operation is due. Whoever has one in flight sends it later.
  func send(_ kind: ClientOperation.Kind, of client: Int, due: UInt64) {
    let operation = ClientOperation(
      client: client, kind: kind, due: due,
      ordinal: nextOrdinal.wrappingAdd(1, ordering: .relaxed).oldValue)
    if crowd.begin(operation) { submit(operation) }
  }

  private func submit(_ operation: ClientOperation) {
    var next: ClientOperation? = operation
    while let current = next {
      next = nil
      do {
        try requireTimely(current)
        openCount.add(1, ordering: .relaxed)
        try queues.submit(current, byteCount: rowsPerLoad * Self.byteCountOfRow)
      } catch {
        counters.addRefusal(current.kind, error)
        next = crowd.end(current.client)
      }
    }
  }

  /// A row of a load with all that is made of it, about.
  private static let byteCountOfRow = 256

  /// A client whose operation has waited for the one before it for too long gives it up.
  private func requireTimely(_ operation: ClientOperation) throws {
    let now = clock.now()
    let seconds = now > operation.due ? Double(now - operation.due) / 1e9 : 0
    guard seconds > settings.timeoutSeconds else { return }
    throw AdmissionRefusal.deadlinePassed(
      group: "clients", seconds: seconds, limit: settings.timeoutSeconds)
  }

  /// A client has been answered, and sends what it has next.
  private func answer(_ operation: ClientOperation) {
    openCount.subtract(1, ordering: .relaxed)
    if let next = crowd.end(operation.client) { return submit(next) }
    if isStopped.load(ordering: .relaxed) { return }
    switch operation.kind {
    case .load where loadsFollow: send(.load, of: operation.client, due: clock.now())
    case .question(let kind) where questionsFollow && kind != .fullScan:
      send(question(of: operation.client), of: operation.client, due: clock.now())
    default: break
    }
  }

  /// What a client asks next: each kind equally often.
  func question(of client: Int) -> ClientOperation.Kind {
    let kinds = QuestionKind.of(settings.mix)
    let turn = nextOrdinal.load(ordering: .relaxed) &+ UInt64(client)
    return .question(kinds[Int(mixBits(turn ^ seed) % UInt64(kinds.count))])
  }

  /// Refuses what has waited too long.
  func expire() {
    for refused in queues.takeExpired() {
      counters.addRefusal(refused.work.kind, refused.reason)
      answer(refused.work)
    }
  }

  func stopFollowing() { isStopped.store(true, ordering: .relaxed) }

  /// Operations that have become due.
  var offeredCount: Int { Int(nextOrdinal.load(ordering: .relaxed)) }

  var unansweredCount: Int { openCount.load(ordering: .relaxed) }

  // MARK: Doing

  /// Answers questions until the queue is closed.
  func answerQuestions() {
    while let operation = queues.nextQuestion() {
      guard case .question(let kind) = operation.work.kind else { continue }
      let start = ProcessUsage.threadCPUSeconds()
      ask(kind, operation)
      queues.finishQuestion(operation, cpuSeconds: ProcessUsage.threadCPUSeconds() - start)
      answer(operation.work)
    }
  }

  private func ask(_ kind: QuestionKind, _ operation: ClientQueues.Operation) {
    let work = operation.work
    let start = ProcessUsage.threadCPUSeconds()
    let end = work.due + UInt64(settings.timeoutSeconds * 1e9)
    do {
      var random = SeededGenerator(seed: seed ^ mixBits(work.ordinal))
      let table = try store.snapshot(of: ShopOrders.tableName)
      let products = try store.snapshot(of: ShopOrders.productTableName)
      let outcome = try questions.ask(
        kind, user: user(of: work.client), orderCount: settings.preloadedRows, table, products,
        random: &random,
        memory: QueryMemory { [memory = operation.memory] in try memory.consume($0) },
        isCancelled: { clock.lastTick() > end })
      onScan(outcome.scannedTablets)
      counters.addQuery(
        kind, outcome, cpuSeconds: ProcessUsage.threadCPUSeconds() - start,
        nanoseconds: clock.now() - work.due)
    } catch is CancellationError {
      let now = clock.now()
      counters.noteOverrun(nanoseconds: now - end)
      counters.addRefusal(
        work.kind,
        AdmissionRefusal.deadlinePassed(
          group: QuestionGroup.of(kind).name, seconds: Double(now - work.due) / 1e9,
          limit: settings.timeoutSeconds))
    } catch let refusal as AdmissionRefusal {
      counters.addRefusal(work.kind, refusal)
    } catch {
      counters.addError(work.kind, error)
    }
  }

  /// The user whom a client cares about: tenants are as busy as Zipf's law says.
  private func user(of client: Int) -> Int64 { orders.user(mixBits(UInt64(client) ^ seed)) }

  /// Carries out loads until the queue is closed: all that wait become one version.
  func carryOutLoads() {
    while true {
      let start = clock.now()
      let operations = queues.nextLoads(atMost: Self.loadBatchMax)
      if operations.isEmpty { return }
      load(operations)
      queues.finishLoads(operations)
      for operation in operations { answer(operation.work) }
      // Company comes while nobody waits for it in vain.
      let used = clock.now() - start
      let pause = UInt64(settings.groupSeconds * 1e9)
      if used < pause, !isStopped.load(ordering: .relaxed) {
        sleepThread(nanoseconds: pause - used)
      }
    }
  }

  private func load(_ operations: [ClientQueues.Operation]) {
    let loads = operations.map {
      writers[$0.work.client].nextLoad(rowCount: rowsPerLoad, orders: orders)
    }
    let results = store.loadTogether(
      loads.map { LabelledRows(label: $0.label, batch: $0.batch) }, into: ShopOrders.tableName)
    let now = clock.now()
    var latencies: [UInt64] = []
    var (rows, logicalBytes, flushedBytes) = (0, 0, 0)
    for (index, result) in results.enumerated() {
      let work = operations[index].work
      switch result {
      case .success(let receipt):
        writers[work.client].acknowledge(loads[index])
        latencies.append(now - work.due)
        rows += loads[index].batch.rowCount
        logicalBytes += loads[index].batch.logicalByteCount
        flushedBytes = max(flushedBytes, receipt.byteCount)
      case .failure(let error as StorageError) where error.isRefusal:
        counters.addRefusal(work.kind, error)
      case .failure(let error): counters.addError(work.kind, error)
      }
    }
    counters.addLoads(
      latencies: latencies, rows: rows, logicalBytes: logicalBytes, flushedBytes: flushedBytes)
  }
}

extension StorageError {
  /// Whether there was no room for an operation, and there will be later.
  fileprivate var isRefusal: Bool {
    if case .tooManyVersions = self { true } else { false }
  }
}
