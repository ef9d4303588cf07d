import BenchKit
import CompactionPolicies
import StorageBase
import StorageIO
import StreamDriver
import StreamTransforms
import Synchronization
import TabletEngine
import TabletModel

/// A pipeline that runs in this process, with compaction beside it and a line that tells how it is
/// doing.
struct IngestSession {
  private let store: Store
  private let pipeline: Pipeline
  private let run: StreamRun
  private let policy: any CompactionPolicy
  private let rules: SchedulingRules
  private let watch: IngestWatch
  private let statePath: String

  init(
    _ spec: PipelineSpec, storePath: String, statePath: String, policy: String, scheduler: String,
    assumesCommitted: Bool, resources: TransformResources, files: PosixFileSystem
  ) throws {
    let clock = SystemClock()
    var options = StoreOptions()
    let buffer =
      spec.bufferByteCount ?? PipelineSpec.usualBufferByteCount(writerCount: spec.writerCount)
    options.loadBufferByteCountMax = max(1 << 20, buffer / spec.writerCount)
    self.policy = try PolicyCatalogue.shipped.policy(policy).policy
    rules = try ConfiguredScheduler(spec: scheduler).rules
    if try files.exists(storePath + "/SEDIMENT") {
      store = try Store.open(storePath, files: files, clock: clock, options: options)
    } else {
      try Self.requireNoCheckpoint(in: statePath, ofStoreAt: storePath, files)
      store = try Store.create(
        storePath, files: files, clock: clock, entropy: mixBits(UInt64(clock.now().rawValue)),
        options: options)
    }
    pipeline = try Pipeline(
      spec, store: store, files: files, clock: clock, resources: resources)
    watch = IngestWatch()
    self.statePath = statePath
    run = try StreamRun(
      pipeline.plan, stateDirectory: statePath, files: files, clock: clock,
      assumesCommitted: assumesCommitted, observer: watch)
  }

  /// A new store has none of the rows that checkpoints say have been written.
  private static func requireNoCheckpoint(
    in statePath: String, ofStoreAt storePath: String, _ files: PosixFileSystem
  ) throws {
    guard try CheckpointDirectory(statePath, files: files).newest() != nil else { return }
    throw StorageError.invalidArgument(
      name: "state", value: statePath,
      reason: """
        its checkpoints are of a store that is not at \(storePath) any more, and a new one would \
        lack all rows before them; bring the store back, or remove the checkpoints to begin anew
        """)
  }

  func run(until interrupt: InterruptFlag) throws {
    let upkeep = try StoreUpkeep(store, policy: policy, rules: rules) { [watch] error in
      watch.streamHasTrouble("\(error)")
    }
    defer { upkeep.stop(cancelsRunning: true) }
    let progress = IngestProgress(run.status)
    defer { progress.clear() }
    let dashboard = IngestDashboard(pipeline.spec.dashboard, store: store)
    try StreamThreads(run, clock: SystemClock()).run {
      if interrupt.isSet { run.requestStop() }
      for line in watch.takeLines() { progress.tell(line) }
      try dashboard.refresh { progress.clear() }
      progress.show(run.status, versions: versionsMax)
    }
    for line in watch.takeLines() { progress.tell(line) }
    progress.clear()
    try dashboard.show()
    print(
      progress.report(
        run.status, name: pipeline.spec.name, latencies: watch.latencies.snapshot(),
        statePath: statePath))
  }

  private var versionsMax: Int {
    store.snapshot().flatMap { $0.tablets.map(\.state.componentCount) }.max() ?? 0
  }
}

/// Hears of a stream, for a person to read. Thread-safe.
private final class IngestWatch: StreamObserver {
  /// More troubles than this between two looks are counted only.
  private static let troubleCountMax = 5
  let latencies = LatencyHistogram()
  private let lines = Mutex<(texts: [String], more: Int)>(([], 0))

  func rowsBecameVisible(_ arrivals: [RowArrival], at now: Timestamp) {
    for arrival in arrivals { latencies.record(seconds: now.seconds(since: arrival.dueAt)) }
  }

  func streamHasTrouble(_ text: String) {
    lines.withLock {
      if $0.texts.count < Self.troubleCountMax { $0.texts.append(text) } else { $0.more += 1 }
    }
  }

  func schemaChanged(_ text: String) { lines.withLock { $0.texts.append(text) } }

  func takeLines() -> [String] {
    lines.withLock { state in
      defer { state = ([], 0) }
      return state.texts + (state.more > 0 ? ["and \(state.more) more"] : [])
    }
  }
}
