import BenchKit
import QueryEngine
import StorageBase
import StorageIO
import TabletEngine

/// The reading clients of a run: dashboards that ask the same kinds of question again and again,
/// each about other values.
final class Readers: Sendable {
  private let store: Store
  private let tables: [String]
  private let schedule: OpenLoopSchedule
  private let dashboard: Dashboard
  private let counters: JobCounters
  private let samples: KeySamples
  private let seed: UInt64
  private let onScan: @Sendable ([TabletID]) -> Void
  private let clock = MonotonicClock()

  /// - Parameters:
  ///   - tables: each query asks one of them, in turn; all have the columns of the dashboard.
  ///   - onScan: hears which tablets a query has scanned.
  init(
    store: Store, tables: [String], schedule: OpenLoopSchedule, dashboard: Dashboard,
    counters: JobCounters, samples: KeySamples, seed: UInt64,
    onScan: @escaping @Sendable ([TabletID]) -> Void
  ) {
    self.store = store
    self.tables = tables
    self.schedule = schedule
    self.dashboard = dashboard
    self.counters = counters
    self.samples = samples
    self.seed = seed
    self.onScan = onScan
  }

  /// Runs queries until the schedule ends. Called on each thread of the query pool.
  func run() {
    while let turn = schedule.next() {
      guard schedule.wait(for: turn) else { return }
      var random = SeededGenerator(seed: seed ^ mixBits(UInt64(turn.ordinal)))
      let kind = turn.ordinal % dashboard.kinds.count
      guard let row = samples.pick(&random) else { continue }
      do {
        let start = ProcessUsage.threadCPUSeconds()
        let table = turn.ordinal / dashboard.kinds.count % tables.count
        let snapshot = try store.snapshot(of: tables[table])
        let query = dashboard.query(kind, about: row)
        let result = try query.run(on: snapshot)
        onScan(result.scannedTablets)
        counters.addQuery(
          kind: kind, rowsets: result.componentCounts,
          cpuSeconds: ProcessUsage.threadCPUSeconds() - start,
          nanoseconds: clock.now() - turn.due)
      } catch {
        counters.addError("\(error)")
      }
    }
  }
}
