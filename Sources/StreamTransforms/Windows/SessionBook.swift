/// The sessions of a partial: of each key, in the order of time, the slots that hold them.
struct SessionBook {
  /// What became of one row.
  struct Placed {
    var slot: UInt32
    /// Sessions that the row has joined to this one.
    var absorbed: [UInt32]
  }

  /// 0 for windows that are no sessions.
  let gap: Int64
  /// By key.
  private var slotsOfKey: [[UInt32]] = []
  private(set) var keyOfSlot: [Int] = []
  /// By slot, the one it became part of; itself if it did not.
  private var successors: [UInt32] = []

  init(gap: Int64) { self.gap = gap }

  /// Finds or makes the session of a row, and makes it as long as the row wants. O(1) for rows in
  /// the order of time, else linear in the sessions of the key that come after the row.
  mutating func place(
    _ time: Int64, key: Int, _ starts: inout [Int64], _ ends: inout [Int64]
  ) -> Placed {
    while key >= slotsOfKey.count { slotsOfKey.append([]) }
    let end = time + gap
    var position = slotsOfKey[key].count
    // Sessions from here on begin after the row would end.
    while position > 0, starts[Int(slotsOfKey[key][position - 1])] >= end { position -= 1 }
    guard position > 0, ends[Int(slotsOfKey[key][position - 1])] > time else {
      let slot = UInt32(starts.count)
      starts.append(time)
      ends.append(end)
      keyOfSlot.append(key)
      successors.append(slot)
      slotsOfKey[key].insert(slot, at: position)
      return Placed(slot: slot, absorbed: [])
    }
    var first = position - 1
    while first > 0, ends[Int(slotsOfKey[key][first - 1])] > time { first -= 1 }
    let kept = slotsOfKey[key][first]
    let last = Int(slotsOfKey[key][position - 1])
    starts[Int(kept)] = min(starts[Int(kept)], time)
    ends[Int(kept)] = max(ends[last], end)
    guard first < position - 1 else { return Placed(slot: kept, absorbed: []) }
    let absorbed = Array(slotsOfKey[key][first + 1..<position])
    for slot in absorbed { successors[Int(slot)] = kept }
    slotsOfKey[key].removeSubrange(first + 1..<position)
    return Placed(slot: kept, absorbed: absorbed)
  }

  /// The slot that holds what a slot held.
  func current(_ slot: UInt32) -> UInt32 {
    var slot = slot
    while successors[Int(slot)] != slot { slot = successors[Int(slot)] }
    return slot
  }
}
