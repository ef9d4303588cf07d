import StorageBase

extension TabletFacts {
  /// The version the next load will get: one after the last rowset.
  public var endVersion: Version { rowsets.last?.versions.last.next ?? Version(0) }

  /// Why no cumulative compaction can start now, or nil if one can: no slot is free, or one is
  /// running. As in Apache Doris, a tablet has at most one cumulative job at a time, so its
  /// candidates are all rowsets at or after the cumulative point, never a part of them; a base job
  /// may run beside it.
  public var cumulativeObstacle: String? {
    if !allowedKinds.contains(.cumulative) { return "no cumulative slot is free" }
    if inFlight.contains(where: { $0.last >= cumulativePoint }) {
      return "a cumulative compaction is running"
    }
    return nil
  }

  /// Why no base compaction can start now, or nil if one can.
  public var baseObstacle: String? {
    if !allowedKinds.contains(.base) { return "no base slot is free" }
    if inFlight.contains(where: { $0.first < cumulativePoint }) {
      return "a base compaction is running"
    }
    return nil
  }
}
