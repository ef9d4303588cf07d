import ScanKernels
import StorageBase
import StorageIO
import StreamTransforms
import TabletEngine

extension DimensionSpec {
  private static let rowsPerLoad = 100_000

  /// Creates the table if it is not there, and loads all rows of its source at once if it has
  /// none.
  func fill(in store: Store, files: any FileSystem, clock: any TimeSource) throws {
    let known = store.snapshot().first { $0.definition.name == table }
    guard known.map({ $0.rowCount == 0 }) ?? true else { return }
    let stream = try source.stream(files: files, clock: clock)
    var batches: [ColumnBatch] = []
    for partition in try stream.partitions() {
      let reader = try stream.open(partition, at: .start)
      reading: while true {
        switch try reader.read(maxRows: Self.rowsPerLoad) {
        case .rows(let batch):
          if let bad = batch.unreadable.first {
            throw StorageError.invalidArgument(
              name: "dimension", value: table,
              reason: "line \(bad.offset) of \(bad.partition): \(bad.reason)")
          }
          batches.append(batch.rows.rows)
        case .change(let event, _):
          throw StorageError.invalidArgument(
            name: "dimension", value: table,
            reason: "the columns of a dimension cannot change: \(event.text)")
        case .waiting(let until):
          clock.pause(seconds: until.map { $0.seconds(since: clock.now()) } ?? 0.01)
        case .ended: break reading
        }
      }
    }
    let definition = try layout.definition(name: table, rows: stream.schema)
    let order = try layout.columns(of: stream.schema)
    if known == nil { try store.createTable(definition) }
    let load = try store.begin()
    for batch in batches {
      try load.builder(for: table).append(
        ColumnBatch(
          schema: definition.schema, rowCount: batch.rowCount,
          columns: order.map { batch.columns[$0] }))
    }
    try load.commit()
  }
}
