import BenchKit
import IngestDriver
import ScanKernels
import StorageBase
import StorageIO
import Synchronization
import TabletEngine

/// The writing clients of a run: each streams its own rows, one load after the other, every load
/// one version.
final class Writers: Sendable {
  private let store: Store
  private let table: String
  private let schedule: OpenLoopSchedule
  private let rowsPerLoad: Int
  /// By client; a client loads one batch at a time.
  private let sources: [LockedSource]
  private let counters: JobCounters
  private let samples: KeySamples
  private let acknowledged: Mutex<RowSums>
  /// By client, where keys are unique; empty where they are not.
  private let newest: [NewestSums]
  /// Clients whose sources may have more rows.
  private let unfinishedClients: Mutex<Set<Int>>
  private let clock = MonotonicClock()

  init(
    store: Store, table: TableDefinition, schedule: OpenLoopSchedule, rowsPerLoad: Int,
    workload: Workload, clientCount: Int, counters: JobCounters, samples: KeySamples
  ) throws {
    self.store = store
    self.table = table.name
    self.schedule = schedule
    self.rowsPerLoad = rowsPerLoad
    sources = try (0..<clientCount).map { client in
      try LockedSource(workload.makeSource(writer: client, of: clientCount))
    }
    self.counters = counters
    self.samples = samples
    acknowledged = Mutex(RowSums(schema: table.schema))
    newest =
      table.uniqueKeys == nil
      ? []
      : (0..<clientCount).map {
        NewestSums(schema: table.schema, client: $0, clientCount: clientCount)
      }
    unfinishedClients = Mutex(Set(0..<clientCount))
  }

  /// The sums of all rows whose loads were acknowledged; where keys are unique, of the newest rows.
  var acknowledgedSums: RowSums { acknowledged.withLock { $0 } }

  /// Runs loads until the schedule or the sources end. Called on each thread of the load pool.
  func run() {
    while let turn = schedule.next() {
      let hadRows = sources[turn.client].withLock { source in
        do {
          guard let batch = try source.nextBatch(maxRows: rowsPerLoad) else { return false }
          guard schedule.wait(for: turn) else { return true }
          load(batch, of: turn.client, due: turn.due)
        } catch {
          counters.addError("\(error)")
          schedule.stop()
        }
        return true
      }
      if !hadRows { noteEnd(of: turn.client) }
    }
  }

  /// A client without rows gives up its turns; the schedule ends with the last one. (Readers of one
  /// file end at different times: each has taken a piece of it.)
  private func noteEnd(of client: Int) {
    let unfinished = unfinishedClients.withLock { clients in
      clients.remove(client)
      return clients.count
    }
    if unfinished == 0 { schedule.stop() } else { sleepThread(nanoseconds: 200_000) }
  }

  private func load(_ batch: ColumnBatch, of client: Int, due: UInt64) {
    do {
      let builder = try store.beginLoad(into: table)
      try builder.append(batch)
      let receipt = try store.commit(builder.prepare())
      counters.addCommit(
        rows: batch.rowCount, logicalBytes: batch.logicalByteCount,
        flushedBytes: receipt.byteCount, nanoseconds: clock.now() - due)
      let sums = newest.isEmpty ? RowSums(batch) : newest[client].change(by: batch)
      acknowledged.withLock { $0.add(sums) }
      samples.add(batch)
    } catch {
      if case StorageError.tooManyVersions = error {
        counters.addRejectedLoad(error)
      } else {
        counters.addError("\(error)")
      }
    }
  }
}

extension ColumnBatch {
  /// Bytes of the values as a client sends them: fixed-width values at their width, strings at
  /// their length.
  var logicalByteCount: Int {
    columns.reduce(0) { total, column in
      switch column.body {
      case .fixed(let buffer): total + buffer.byteCount
      case .strings(let table): total + table.bytes.byteCount
      case .coded(let codes, let dictionary):
        total
          + codes.values(as: UInt32.self)[..<column.count].reduce(0) {
            $0 + dictionary[Int($1)].count
          }
      case .offsets, .byteCoded: preconditionFailure("sources make wide vectors")
      }
    }
  }
}
