import ScanKernels
import StorageBase

/// All windows of a stream that may still change, owned by the coordinator of checkpoints. At the
/// end of an epoch it takes the partials of all subtasks, in any order and number, advances the
/// watermark, and is encoded into the checkpoint; so the number of subtasks may change with every
/// epoch, a restart among them. Not thread-safe.
///
/// Merging a partial costs a look-up of the keys of each of its windows; advancing looks once at
/// every window there is.
public final class WindowState: @unchecked Sendable {
  public let plan: WindowPlan
  /// How far event time has come; nil before the first rows.
  public internal(set) var watermark: Timestamp?
  /// The watermark up to which windows have been forgotten.
  public internal(set) var purgedWatermark: Timestamp?
  /// The greatest event time of each partition; the least number for one without rows so far.
  var maxima: [String: Int64] = [:]

  let lanes: [any AccumulatorLanes]
  /// The windows of each key, in the order of their starts; sessions of one key do not overlap.
  var slotsOfKey: [[UInt8]: [UInt32]] = [:]
  // By slot.
  var keys: [[UInt8]] = []
  var starts: [Int64] = []
  var ends: [Int64] = []
  var isLive: [Bool] = []
  /// Whether it has changed since its result went out.
  var isChanged: [Bool] = []
  /// Starts of the rows in the table of results that the window stands for: none or its own, or
  /// those of the sessions it was made of.
  var emittedStarts: [[Int64]] = []
  private var free: [UInt32] = []

  public init(_ plan: WindowPlan) {
    self.plan = plan
    lanes = plan.makeLanes()
  }

  /// Windows that may still change.
  public var windowCount: Int { keys.count - free.count }

  /// Tells of partitions before their first rows come, so that the watermark waits for them.
  public func expect(partitions: [String]) {
    for name in partitions where maxima[name] == nil { maxima[name] = .min }
  }

  /// What the rows merged so far say of event time: of the partitions the least of their greatest
  /// times, minus the delay. Nil without partitions, and while one that is expected has no rows.
  /// - Parameter idle: partitions that shall not hold it back.
  public func proposedWatermark(withoutPartitions idle: Set<String> = []) -> Timestamp? {
    let active = maxima.filter { !idle.contains($0.key) }.values
    guard let least = active.min(), least > .min else { return nil }
    return Timestamp(rawValue: least - plan.spec.delay)
  }

  /// Takes over what a subtask has gathered; the partial is not used again.
  /// - Precondition: it is of the same plan, and its watermark is not before the one up to which
  ///   windows were forgotten, or it might hold rows of these.
  public func merge(_ partial: WindowPartial) {
    precondition(partial.plan.fingerprint == plan.fingerprint, "a partial of other windows")
    if let purged = purgedWatermark {
      precondition(
        partial.watermark.map { $0 >= purged } ?? false, "a partial from before windows were purged"
      )
    }
    for (name, greatest) in partial.maxima {
      maxima[name] = max(maxima[name] ?? .min, greatest)
    }
    var (sources, targets): ([UInt32], [UInt32]) = ([], [])
    for slot in 0..<partial.slotCount where !partial.isMerged[slot] {
      sources.append(UInt32(slot))
      targets.append(
        window(
          of: partial.keyBytes(ofSlot: slot), start: partial.starts[slot], end: partial.ends[slot]))
    }
    // Windows that came to one by a later session have moved.
    targets = targets.enumerated().map { index, target in
      isLive[Int(target)]
        ? target
        : window(
          of: partial.keyBytes(ofSlot: Int(sources[index])),
          start: partial.starts[Int(sources[index])], end: partial.ends[Int(sources[index])])
    }
    for (lane, other) in zip(lanes, partial.lanes) {
      lane.grow(to: keys.count)
      lane.merge(sources, of: other, into: targets)
    }
    // Slots that were given up are used again only now, when nothing refers to them.
    reclaim()
  }

  /// The slot of a window, new or joined from those it touches; marked as changed.
  func window(of key: [UInt8], start: Int64, end: Int64) -> UInt32 {
    let slots = slotsOfKey[key] ?? []
    let position = firstEnding(after: start, in: slots)
    if case .session = plan.spec.kind {
      var last = position
      while last < slots.count, starts[Int(slots[last])] < end { last += 1 }
      if position < last { return join(key, position..<last, start: start, end: end) }
    } else if position < slots.count, starts[Int(slots[position])] == start {
      isChanged[Int(slots[position])] = true
      return slots[position]
    }
    let slot = makeSlot(key, start: start, end: end)
    slotsOfKey[key, default: []].insert(slot, at: position)
    return slot
  }

  /// The place of the first window of a key that does not end by `time`. For fixed windows, which
  /// have one length, that is also the place of the one that starts there.
  private func firstEnding(after time: Int64, in slots: [UInt32]) -> Int {
    var fixed = time
    if case .session = plan.spec.kind {} else { fixed = time + fixedSize - 1 }
    var (low, high) = (0, slots.count)
    while low < high {
      let middle = (low + high) / 2
      if ends[Int(slots[middle])] <= fixed { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private var fixedSize: Int64 {
    switch plan.spec.kind {
    case .tumbling(let size), .sliding(let size, _): size
    case .session: 0
    }
  }

  /// Makes the sessions at `range` of a key, and a new one that touches them all, one.
  private func join(
    _ key: [UInt8], _ range: Range<Int>, start: Int64, end: Int64
  ) -> UInt32 {
    guard let slots = slotsOfKey[key] else { preconditionFailure("a key without windows") }
    let kept = slots[range.lowerBound]
    let last = Int(slots[range.upperBound - 1])
    starts[Int(kept)] = min(starts[Int(kept)], start)
    ends[Int(kept)] = max(ends[last], end)
    isChanged[Int(kept)] = true
    for other in slots[range.lowerBound + 1..<range.upperBound] {
      for lane in lanes {
        lane.grow(to: keys.count)
        lane.merge([other], of: lane, into: [kept])
      }
      emittedStarts[Int(kept)] += emittedStarts[Int(other)]
      giveUp(other)
    }
    slotsOfKey[key]?.removeSubrange(range.lowerBound + 1..<range.upperBound)
    return kept
  }

  private func makeSlot(_ key: [UInt8], start: Int64, end: Int64) -> UInt32 {
    if let slot = free.popLast() {
      let index = Int(slot)
      (keys[index], starts[index], ends[index]) = (key, start, end)
      (isLive[index], isChanged[index], emittedStarts[index]) = (true, true, [])
      return slot
    }
    keys.append(key)
    starts.append(start)
    ends.append(end)
    isLive.append(true)
    isChanged.append(true)
    emittedStarts.append([])
    return UInt32(keys.count - 1)
  }

  /// Slots given up since the last `reclaim`.
  private var givenUp: [UInt32] = []

  private func giveUp(_ slot: UInt32) {
    for lane in lanes { lane.clear(Int(slot)) }
    isLive[Int(slot)] = false
    isChanged[Int(slot)] = false
    emittedStarts[Int(slot)] = []
    keys[Int(slot)] = []
    givenUp.append(slot)
  }

  func reclaim() {
    free += givenUp
    givenUp.removeAll()
  }

  /// Forgets a window that cannot change any more.
  func purge(_ slot: Int) {
    let key = keys[slot]
    slotsOfKey[key]?.removeAll { $0 == UInt32(slot) }
    if slotsOfKey[key]?.isEmpty == true { slotsOfKey[key] = nil }
    giveUp(UInt32(slot))
  }
}
