import ScanKernels
import StorageBase

extension WindowState {
  /// Moves event time on, and hands out the results that are due: of windows that ended at the
  /// watermark or before and have changed, or of all that have changed, as the specification says.
  /// Windows that can take no more rows are then forgotten.
  ///
  /// - Parameters:
  ///   - watermark: one before the present watermark, and nil, changes nothing of it.
  ///   - purging: the least watermark with which partials that are still to be merged were begun;
  ///     nil for one that was begun without. Windows are kept as long as these may add to them.
  public func advance(to watermark: Timestamp?, purging: Timestamp?) -> WindowOutput {
    if let watermark { self.watermark = max(self.watermark ?? watermark, watermark) }
    let end = self.watermark?.rawValue
    let due = keys.indices.filter { slot in
      guard isChanged[slot] else { return false }
      return plan.spec.emit == .changes || end.map { ends[slot] <= $0 } ?? false
    }
    let output = emit(due)
    if let purging, let own = self.watermark { purge(upTo: min(purging, own)) }
    return output
  }

  /// The end of what there is to read for now: hands out all results that have not gone out, and
  /// keeps the windows, in case more is read later.
  public func flush() -> WindowOutput { emit(keys.indices.filter { isChanged[$0] }) }

  /// Forgets windows that no row judged by this watermark or a later one belongs to. A session is
  /// kept a gap longer, since a row that is not late may still lie within it.
  private func purge(upTo watermark: Timestamp) {
    if let purged = purgedWatermark, purged >= watermark { return }
    purgedWatermark = watermark
    let (end, overflow) = watermark.rawValue.subtractingReportingOverflow(plan.retention)
    if overflow { return }
    for slot in keys.indices where isLive[slot] && !isChanged[slot] && ends[slot] <= end {
      purge(slot)
    }
    reclaim()
  }

  /// The results of some windows, which are then as the table of results has them.
  private func emit(_ slots: [Int]) -> WindowOutput {
    var (oldSlots, oldStarts): ([Int], [Int64]) = ([], [])
    for slot in slots {
      for start in emittedStarts[slot] where start != starts[slot] {
        oldSlots.append(slot)
        oldStarts.append(start)
      }
      emittedStarts[slot] = [starts[slot]]
      isChanged[slot] = false
    }
    return WindowOutput(
      upserts: slots.isEmpty ? nil : results(of: slots),
      deletes: oldSlots.isEmpty
        ? nil : batch(plan.keySchema, keyColumns(of: oldSlots, starts: oldStarts)))
  }

  private func results(of slots: [Int]) -> ColumnBatch {
    var columns = keyColumns(of: slots, starts: slots.map { starts[$0] })
    let end = ColumnBuilder(type: .datetime, capacity: slots.count)
    for slot in slots { end.append(integer: ends[slot]) }
    columns.append(end.finish())
    for (lane, column) in zip(lanes, plan.outputSchema.columns[columns.count...]) {
      let builder = ColumnBuilder(type: column.type, capacity: slots.count)
      for slot in slots { lane.append(slot, to: builder) }
      columns.append(builder.finish())
    }
    return batch(plan.outputSchema, columns)
  }

  private func batch(_ schema: Schema, _ columns: [ColumnVector]) -> ColumnBatch {
    ColumnBatch(schema: schema, rowCount: columns[0].count, columns: columns)
  }

  /// The keys of windows, and a start for each.
  private func keyColumns(of slots: [Int], starts: [Int64]) -> [ColumnVector] {
    let columns = plan.keyColumns
    let builders = columns.map { ColumnBuilder(type: $0.type, capacity: slots.count) }
    for slot in slots {
      keys[slot].withUnsafeBytes { bytes in
        var reader = ByteReader(bytes, file: "window")
        for (column, builder) in zip(columns, builders) {
          do {
            builder.append(try WindowKey.read(column, from: &reader))
          } catch {
            preconditionFailure("keys were checked when they came: \(error)")
          }
        }
      }
    }
    let start = ColumnBuilder(type: .datetime, capacity: starts.count)
    for value in starts { start.append(integer: value) }
    return builders.map { $0.finish() } + [start.finish()]
  }
}
