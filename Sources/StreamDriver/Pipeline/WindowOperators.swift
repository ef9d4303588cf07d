import ScanKernels
import StorageBase
import StreamTransforms

/// The windows of a pipeline between checkpoints. Not thread-safe.
final class WindowOperators: StreamOperators {
  private let windows: [PipelineWindow]
  private var states: [WindowState]

  init(_ windows: [PipelineWindow]) {
    self.windows = windows
    states = windows.map { WindowState($0.plan) }
  }

  var horizon: EventTimeHorizon { EventTimeHorizon(states.map(\.watermark)) }

  func expect(partitions: [String]) {
    for state in states { state.expect(partitions: partitions) }
  }

  func merge(_ gathered: [any Sendable]) throws {
    for case let part as WindowPart in gathered { states[part.window].merge(part.partial) }
  }

  func advance(without silent: Set<String>, isEnd: Bool) throws -> [TableWrite] {
    var writes: [TableWrite] = []
    for (window, state) in zip(windows, states) {
      // Rows of the checkpoint after this one are judged by the watermark as it was.
      let before = state.watermark
      let output = state.advance(
        to: state.proposedWatermark(withoutPartitions: silent), purging: before)
      writes += window.writes(output)
      if isEnd { writes += window.writes(state.flush()) }
    }
    return writes
  }

  func state() -> [String: [UInt8]] {
    Dictionary(
      uniqueKeysWithValues: zip(windows, states).map { ($0.name, $1.encode()) })
  }

  func restore(_ encoded: [String: [UInt8]]) throws {
    states = try windows.map { window in
      guard let bytes = encoded[window.name] else { return WindowState(window.plan) }
      return try WindowState(decoding: bytes, plan: window.plan, file: "window \(window.name)")
    }
  }
}

/// What a writer has gathered for one of the windows.
struct WindowPart: Sendable {
  let window: Int
  let partial: WindowPartial
}

/// Windows over the rows of a pipeline, and the table of their results.
struct PipelineWindow: Sendable {
  let name: String
  let plan: WindowPlan
  /// The schema of rows in the table, whose other columns a deletion has no use for.
  private let emptyColumns: [Column]

  init(name: String, plan: WindowPlan) {
    self.name = name
    self.plan = plan
    emptyColumns = Array(plan.outputSchema.columns.dropFirst(plan.keySchema.columns.count))
  }

  /// Deletions first: a session that has grown towards the past has another start.
  func writes(_ output: WindowOutput) -> [TableWrite] {
    var writes: [TableWrite] = []
    if let keys = output.deletes { writes.append(deletion(of: keys)) }
    if let rows = output.upserts { writes.append(TableWrite(table: name, rows: rows)) }
    return writes
  }

  private func deletion(of keys: ColumnBatch) -> TableWrite {
    let nulls = emptyColumns.map { column in
      let builder = ColumnBuilder(type: column.type, capacity: keys.rowCount)
      for _ in 0..<keys.rowCount { builder.appendNull() }
      return builder.finish()
    }
    let all = Bitmap(count: keys.rowCount)
    for row in 0..<keys.rowCount { all.set(row) }
    return TableWrite(
      table: name,
      rows: ColumnBatch(
        schema: plan.outputSchema, rowCount: keys.rowCount, columns: keys.columns + nulls),
      deletions: all)
  }
}
