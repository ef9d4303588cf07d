import IngestDriver
import PolicyLab
import ScanKernels
import StorageBase
import StorageIO
import Synchronization
import TabletEngine
import TabletModel

/// The writing threads of a replay, which take one load after the other.
final class ReplayWriters: Sendable {
  private let store: Store
  private let tables: [String]
  private let loads: [TracedWorkload.Load]
  private let settings: StoreReplay.Settings
  private let start: UInt64
  private let counters: JobCounters
  private let samples: KeySamples
  private let interrupt: InterruptFlag
  /// By table; empty where rows may have equal keys.
  private let seen: Mutex<[SeenKeys]>
  /// Rows of a load come from the generator in pieces of this many.
  private static let batchRowCount = 1 << 16
  /// By writer.
  private let sources: [LockedSource]
  private let taken = Atomic<Int>(0)
  private let busy: Countdown
  private let clock = MonotonicClock()

  init(
    store: Store, tables: [String], loads: [TracedWorkload.Load],
    factory: any BatchSourceFactory, settings: StoreReplay.Settings, start: UInt64,
    counters: JobCounters, samples: KeySamples, interrupt: InterruptFlag
  ) throws {
    self.store = store
    self.tables = tables
    self.loads = loads
    self.settings = settings
    self.start = start
    self.counters = counters
    self.samples = samples
    self.interrupt = interrupt
    seen = Mutex(
      settings.rows == .events ? [] : [SeenKeys](repeating: SeenKeys(), count: tables.count))
    sources = try (0..<settings.writers).map {
      LockedSource(try factory.makeSource(writer: $0, writerCount: settings.writers))
    }
    busy = Countdown(settings.writers)
  }

  var isLoading: Bool { busy.count > 0 }

  /// Keys of acknowledged rows, summed over tables.
  var seenKeyCount: Int { seen.withLock { $0.reduce(0) { $0 + $1.count } } }

  /// Loads until there are no more, or to an interrupt. Rows are made before they are due.
  func run(_ writer: Int) {
    defer { busy.countDown() }
    while !interrupt.isSet {
      let ordinal = taken.wrappingAdd(1, ordering: .relaxed).oldValue
      guard ordinal < loads.count else { return }
      let load = loads[ordinal]
      sources[writer].withLock { source in
        do {
          let batches = try batches(of: load, from: source)
          guard let due = waitUntilDue(load) else { return }
          try send(batches, to: load.tablet, due: due)
        } catch {
          if case StorageError.tooManyVersions = error {
            counters.addRejectedLoad(error)
          } else {
            counters.addError("\(error)")
          }
        }
      }
    }
  }

  private func batches(
    of load: TracedWorkload.Load, from source: any BatchSource
  ) throws -> [ColumnBatch] {
    var batches: [ColumnBatch] = []
    var rowsLeft = rowCount(of: load.rowset)
    while rowsLeft > 0, let batch = try source.nextBatch(maxRows: min(rowsLeft, Self.batchRowCount))
    {
      batches.append(batch)
      rowsLeft -= batch.rowCount
    }
    return batches
  }

  /// When the load was due; nil after an interrupt.
  private func waitUntilDue(_ load: TracedWorkload.Load) -> UInt64? {
    if settings.isClosed { return clock.now() }
    let due = start + UInt64(load.seconds / settings.speed * 1e9)
    while !interrupt.isSet {
      let now = clock.now()
      if now >= due { return due }
      // In slices, so that an interrupt is noticed.
      sleepThread(nanoseconds: min(due - now, 50_000_000))
    }
    return nil
  }

  private func send(_ batches: [ColumnBatch], to table: Int, due: UInt64) throws {
    let builder = try store.beginLoad(into: tables[table])
    for batch in batches { try builder.append(batch) }
    let receipt = try store.commit(builder.prepare())
    counters.addCommit(
      rows: batches.reduce(0) { $0 + $1.rowCount },
      logicalBytes: batches.reduce(0) { $0 + $1.logicalByteCount },
      flushedBytes: receipt.byteCount, nanoseconds: clock.now() - due)
    note(batches, of: table)
  }

  /// Rows that are there now.
  private func note(_ batches: [ColumnBatch], of table: Int) {
    if let batch = batches.first { samples.add(batch) }
    guard settings.rows != .events else { return }
    seen.withLock { seen in
      for batch in batches { seen[table].add(batch.columns[0].values(as: Int64.self)) }
    }
  }

  private func rowCount(of rowset: RowsetSummary) -> Int {
    rowset.rowCount > 0 ? rowset.rowCount : max(1, rowset.byteCount / settings.bytesPerRow)
  }
}
