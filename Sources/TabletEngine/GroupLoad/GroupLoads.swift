import StorageBase
import StorageIO

/// The group loads of an open store, by table. Thread-safe.
final class GroupLoads: Sendable {
  let buffers: Monitor<[TableID: GroupLoadBuffer]>
  private let clock: any TimeSource
  private let seconds: Double

  /// - Parameter seconds: how long rows wait for company.
  init(_ buffers: [TableID: GroupLoadBuffer], clock: any TimeSource, seconds: Double) {
    self.buffers = Monitor(buffers)
    self.clock = clock
    self.seconds = seconds
  }

  func nextOrdinal(of table: TableID) -> UInt64 {
    buffers.withLock { $0[table]?.nextOrdinal ?? 0 }
  }

  /// When rows of the table are due; nil when none wait.
  func deadline(of table: TableID) -> Timestamp? { buffers.withLock { $0[table]?.deadline } }

  func byteCount(of table: TableID) -> Int { buffers.withLock { $0[table]?.byteCount ?? 0 } }

  /// Tables with rows that are due at `now`, and when the first of the others are.
  func due(at now: Timestamp) -> (tables: [TableID], next: Timestamp?) {
    buffers.withLock { buffers in
      let waiting = buffers.compactMap { id, buffer in
        buffer.isPublishing ? nil : buffer.deadline.map { (id, $0) }
      }
      return (
        waiting.filter { $0.1 <= now }.map(\.0).sorted(),
        waiting.map(\.1).filter { $0 > now }.min()
      )
    }
  }

  func add(_ entry: GroupLoadEntry, of table: TableID) {
    let deadline = clock.now().advanced(bySeconds: seconds)
    buffers.withLock { $0[table, default: GroupLoadBuffer()].append(entry, deadline: deadline) }
  }

  /// Enters what a durable group of commits says about promised rows.
  func settle(_ group: CommitGroup) {
    guard !group.groupRows.isEmpty || !group.covers.isEmpty else { return }
    let deadline = clock.now().advanced(bySeconds: seconds)
    buffers.withLock { buffers in
      for (record, rows) in group.groupRows {
        buffers[record.table, default: GroupLoadBuffer()].records.append(record)
        buffers[record.table]?.nextOrdinal = record.ordinal + 1
        buffers[record.table]?.append(
          GroupLoadEntry(batch: rows.batch, record: record, ticket: nil), deadline: deadline)
      }
      for cover in group.covers {
        buffers[cover.table]?.records.removeAll { $0.ordinal < cover.end }
      }
    }
  }

  /// The log files that promised rows lie in.
  var logFiles: Set<UInt32> {
    buffers.withLock { Set($0.values.flatMap { $0.records.map(\.position.file) }) }
  }

  /// For a checkpoint.
  var sections: [GroupRowsSection] {
    buffers.withLock { buffers in
      buffers.sorted { $0.key < $1.key }.filter { $0.value.nextOrdinal > 0 }.map { id, buffer in
        GroupRowsSection(table: id, nextOrdinal: buffer.nextOrdinal, records: buffer.records)
      }
    }
  }
}
