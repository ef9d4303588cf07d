import StorageBase

/// How operations of one kind share a machine with the others: the workload group of Apache Doris.
///
/// What the properties mean is theirs: `weight` is `cpu_share`, `concurrencyMax` `max_concurrency`,
/// `queueCountMax` `max_queue_size`, `queueSecondsMax` `queue_timeout`, `memoryByteCountMax`
/// `memory_limit` in bytes. A value.
public struct WorkloadGroup: Hashable, Sendable {
  public var name: String
  /// Work that a group gets done per weight is the same for all groups that have some waiting;
  /// at least 1.
  public var weight: Int
  /// Operations of the group that run at a time; at least 1.
  public var concurrencyMax: Int
  /// Operations that wait for those; more are refused. 0 for none.
  public var queueCountMax: Int
  /// How long one waits before it is refused.
  public var queueSecondsMax: Double
  /// Once the first in line has waited so long, the last come is the first served: the line is that
  /// of an overload then, and those who have just come can still be answered in time, while the
  /// first ones would get their answers when they have nearly given up.
  public var newestFirstSeconds: Double
  /// Bytes that operations of the group may hold together.
  public var memoryByteCountMax: Int

  public init(
    name: String, weight: Int = 1, concurrencyMax: Int = .max, queueCountMax: Int = .max,
    queueSecondsMax: Double = .infinity, newestFirstSeconds: Double = .infinity,
    memoryByteCountMax: Int = .max
  ) {
    self.name = name
    self.weight = weight
    self.concurrencyMax = concurrencyMax
    self.queueCountMax = queueCountMax
    self.queueSecondsMax = queueSecondsMax
    self.newestFirstSeconds = newestFirstSeconds
    self.memoryByteCountMax = memoryByteCountMax
  }

  /// - Throws: `StorageError.invalidArgument` naming the property that is out of range.
  public func validate() throws {
    func require(_ condition: Bool, _ property: String, _ value: some Any, _ range: String) throws {
      if condition { return }
      throw StorageError.invalidArgument(
        name: "\(property) of workload group \(name)", value: "\(value)", reason: range)
    }
    try require(!name.isEmpty, "name", name, "it must not be empty")
    try require((1...10_000).contains(weight), "weight", weight, "it must be in 1...10000")
    try require(concurrencyMax >= 1, "concurrency", concurrencyMax, "it must be at least 1")
    try require(queueCountMax >= 0, "queue size", queueCountMax, "it must not be negative")
    try require(queueSecondsMax > 0, "queue time-out", queueSecondsMax, "it must be above 0 s")
    try require(
      newestFirstSeconds >= 0, "time until the newest goes first", newestFirstSeconds,
      "it must not be negative")
    try require(
      memoryByteCountMax > 0, "memory", memoryByteCountMax, "it must be at least a byte")
  }
}
