import ScanKernels
import StorageBase

/// What one subtask adds to the windows during one checkpoint interval (an epoch). Filled by one
/// thread, then handed over to `WindowState.merge`; nothing is shared while it fills, so it needs
/// no lock. Not thread-safe.
///
/// All its rows are judged by one watermark, the one it was begun with: a row is late when the last
/// of its windows ended the allowed lateness or longer before it. For sessions that is the session
/// it would be alone, so that it does not depend on what other subtasks have seen.
///
/// A row costs one look-up of its keys and start for each of its windows, without allocation; a new
/// window costs a slot in each aggregate.
public final class WindowPartial: @unchecked Sendable {
  public let plan: WindowPlan
  public let watermark: Timestamp?
  /// Rows added, late ones and those without a time left out.
  public private(set) var rowCount = 0
  public private(set) var lateRowCount = 0
  /// The greatest event time of each partition, late rows included.
  private(set) var maxima: [String: Int64] = [:]

  let lanes: [any AccumulatorLanes]
  /// By slot.
  private(set) var starts: [Int64] = []
  private(set) var ends: [Int64] = []
  /// Slots whose session became part of another.
  private(set) var isMerged: [Bool] = []
  /// Numbers the keys; of fixed windows the keys and the start.
  private var encoder: GroupKeyEncoder
  var sessions: SessionBook
  // Of the batch at hand; kept for their memory.
  private var rows: [UInt32] = []
  private var slots: [UInt32] = []

  public init(_ plan: WindowPlan, watermark: Timestamp?) {
    self.plan = plan
    self.watermark = watermark
    lanes = plan.makeLanes()
    var columns = plan.keyColumns
    var gap: Int64 = 0
    switch plan.spec.kind {
    case .tumbling, .sliding:
      columns.append(
        Column(id: ColumnID(rawValue: .max), name: WindowPlan.startName, type: .datetime))
    case .session(let length): gap = length
    }
    sessions = SessionBook(gap: gap)
    encoder = GroupKeyEncoder(
      columns: columns, ranges: columns.map { _ in nil }, expectedRowCount: 0)
  }

  var slotCount: Int { starts.count }

  /// Event times that leave room for windows around them: years -140 000 to 144 000.
  static let timeRange: ClosedRange<Int64> = -(1 << 62)...(1 << 62)

  /// Adds the rows of a batch.
  /// - Parameter rejected: gets rows whose event time is null or out of range.
  /// - Returns: the late rows, for the side output; nil where there are none.
  /// - Precondition: the batch has the columns of the plan's input.
  public func add(_ batch: StreamBatch, rejected: inout [RejectedRow]) -> StreamBatch? {
    precondition(batch.schema == plan.inputSchema, "rows with other columns than planned")
    let vectors = batch.rows.columns.map { $0.widened() }
    let times = vectors[plan.timeIndex]
    let late = select(batch, times, &rejected)
    rowCount += rows.count
    lateRowCount += late.count
    switch plan.spec.kind {
    case .tumbling(let size): addFixed(vectors, times, size: size, slide: size)
    case .sliding(let size, let slide): addFixed(vectors, times, size: size, slide: slide)
    case .session: addSessions(vectors, times)
    }
    return late.isEmpty ? nil : batch.gather(late)
  }

  /// Sets `rows` to those that belong to a window, and returns those that are late.
  private func select(
    _ batch: StreamBatch, _ times: ColumnVector, _ rejected: inout [RejectedRow]
  ) -> [UInt32] {
    let values = times.values(as: Int64.self)
    let limit = lastLateTime
    var late: [UInt32] = []
    var greatest = Int64.min
    rows.removeAll(keepingCapacity: true)
    rows.reserveCapacity(batch.rowCount)
    for row in 0..<batch.rowCount {
      if times.isNull(row) || !Self.timeRange.contains(values[row]) {
        let reason = times.isNull(row) ? "the event time is null" : "the event time is out of range"
        rejected.append(batch.rejected(row, by: "window", because: reason))
        continue
      }
      greatest = max(greatest, values[row])
      if values[row] <= limit {
        late.append(UInt32(row))
      } else {
        rows.append(UInt32(row))
      }
    }
    if greatest > .min {
      maxima[batch.partition] = max(maxima[batch.partition] ?? .min, greatest)
    }
    return late
  }

  /// Rows of this time and before are late: the last of their windows ends, with the allowed
  /// lateness, at the watermark or before.
  private var lastLateTime: Int64 {
    guard let watermark else { return .min }
    let (end, overflow) = watermark.rawValue.subtractingReportingOverflow(
      plan.spec.allowedLateness)
    if overflow { return .min }
    switch plan.spec.kind {
    case .tumbling(let size): return lastTime(endingBy: end, size: size, slide: size)
    case .sliding(let size, let slide): return lastTime(endingBy: end, size: size, slide: slide)
    case .session(let gap):
      let (time, overflow) = end.subtractingReportingOverflow(gap)
      return overflow ? .min : time
    }
  }

  /// The greatest time whose last window, which starts at a multiple of `slide`, ends by `end`.
  private func lastTime(endingBy end: Int64, size: Int64, slide: Int64) -> Int64 {
    let (latest, overflow) = end.subtractingReportingOverflow(size)
    if overflow { return .min }
    // Times from a start to the next one have that start's window as their last.
    let start = latest.flooredDivision(by: slide).multipliedReportingOverflow(by: slide)
    if start.overflow { return .min }
    let time = start.partialValue.addingReportingOverflow(slide - 1)
    return time.overflow ? .max : time.partialValue
  }

  /// Adds the selected rows to all windows that they are in, one row of windows after the other.
  private func addFixed(
    _ vectors: [ColumnVector], _ times: ColumnVector, size: Int64, slide: Int64
  ) {
    let values = times.values(as: Int64.self)
    let least =
      watermark.map { $0.rawValue.subtractingReportingOverflow(plan.spec.allowedLateness) }
      .map { $0.overflow ? .min : $0.partialValue } ?? .min
    let all = rows
    var distance: Int64 = 0
    while distance < size {
      let starts = AlignedBuffer(byteCount: times.count * 8, zeroed: true)
      let target = starts.mutableValues(as: Int64.self)
      rows.removeAll(keepingCapacity: true)
      for row in all {
        let time = values[Int(row)]
        let start = time.flooredDivision(by: slide) &* slide &- distance
        // The row may be past the window, and the window past its lateness.
        if time >= start &+ size || (watermark != nil && start &+ size <= least) { continue }
        target[Int(row)] = start
        rows.append(row)
      }
      if !rows.isEmpty {
        let column = ColumnVector(type: .datetime, count: times.count, body: .fixed(starts))
        number(plan.keyIndexes.map { vectors[$0] } + [column])
        addSlots(UnsafeBufferPointer(target), size: size)
        accumulate(vectors)
      }
      distance += slide
    }
  }

  /// Sets `slots` to the number of the keys of each of `rows`.
  private func number(_ keys: [ColumnVector]) {
    slots.removeAll(keepingCapacity: true)
    slots.append(contentsOf: repeatElement(0, count: rows.count))
    if keys.isEmpty || rows.isEmpty { return }
    rows.withUnsafeBufferPointer { rows in
      slots.withUnsafeMutableBufferPointer { encoder.number(rows, of: keys, into: $0) }
    }
  }

  /// Notes the windows of numbers not met before, which come in order.
  private func addSlots(_ startOfRow: UnsafeBufferPointer<Int64>, size: Int64) {
    for (row, slot) in zip(rows, slots) where Int(slot) >= starts.count {
      precondition(Int(slot) == starts.count, "numbers are given in order")
      addSlot(start: startOfRow[Int(row)], end: startOfRow[Int(row)] + size)
    }
    for lane in lanes { lane.grow(to: slotCount) }
  }

  private func addSlot(start: Int64, end: Int64) {
    starts.append(start)
    ends.append(end)
    isMerged.append(false)
  }

  private func accumulate(_ vectors: [ColumnVector]) {
    rows.withUnsafeBufferPointer { rows in
      slots.withUnsafeBufferPointer { slots in
        for (lane, index) in zip(lanes, plan.aggregateIndexes) {
          // COUNT(*) looks at no column; any will do.
          lane.add(vectors[index ?? plan.timeIndex], rows: rows, slots: slots)
        }
      }
    }
  }

  private func addSessions(_ vectors: [ColumnVector], _ times: ColumnVector) {
    number(plan.keyIndexes.map { vectors[$0] })
    let values = times.values(as: Int64.self)
    for index in rows.indices {
      let time = values[Int(rows[index])]
      let placed = sessions.place(time, key: Int(slots[index]), &starts, &ends)
      if Int(placed.slot) == isMerged.count { isMerged.append(false) }
      for other in placed.absorbed {
        for lane in lanes {
          lane.grow(to: slotCount)
          lane.merge([other], of: lane, into: [placed.slot])
          lane.clear(Int(other))
        }
        isMerged[Int(other)] = true
      }
      slots[index] = placed.slot
    }
    for lane in lanes { lane.grow(to: slotCount) }
    // A row's session may have become part of another one by a later row.
    for index in slots.indices { slots[index] = sessions.current(slots[index]) }
    accumulate(vectors)
  }

  /// The values of the keys of a slot, as the state knows them.
  func keyBytes(ofSlot slot: Int) -> [UInt8] {
    let number = sessions.gap > 0 ? sessions.keyOfSlot[slot] : slot
    var writer = ByteWriter()
    for (field, column) in plan.keyColumns.enumerated() {
      WindowKey.append(
        encoder.key(ofGroup: number, field: field), of: column.type, to: &writer)
    }
    return writer.bytes
  }
}
