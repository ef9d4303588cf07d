import StorageBase

/// Which of the compactions that policies want start when, and how they share the machine.
///
/// Policy and scheduler are separate axes: the first sets how much is written, the second how long
/// loads and readers have to wait for it (Luo and Carey, PVLDB 13(4), 2019). Rules are a pure
/// value: the engine and the simulator ask the same one, through `openKinds` and `next`.
///
/// Whatever the rules, a request that no compaction runs beside may start, and one that has waited
/// for `patienceSeconds` goes before all that are younger: nothing waits for ever, provided that
/// jobs end.
public struct SchedulingRules: Hashable, Sendable {
  /// Slots that some kinds of compaction share.
  public struct Pool: Hashable, Sendable {
    public var kinds: Set<CompactionKind>
    /// Jobs at a time; at least 1.
    public var slotCount: Int

    public init(kinds: Set<CompactionKind>, slotCount: Int) {
      precondition(slotCount >= 1, "a pool needs a slot")
      self.kinds = kinds
      self.slotCount = slotCount
    }
  }

  /// Which request comes first.
  public enum Priority: String, Hashable, Sendable, CaseIterable {
    /// The one the policy calls most urgent.
    case urgency
    /// The one with the greatest compaction score of its inputs, as in Apache Doris.
    case score
    /// The one that has waited longest.
    case oldest
    /// The one with the fewest bytes to read.
    case smallest
  }

  /// How jobs share a limited bandwidth.
  public enum Sharing: String, Hashable, Sendable, CaseIterable {
    /// All alike.
    case fair
    /// The job with least left to do comes first, and others pause while it takes all there is.
    /// Of all ways to run a given set of merges it keeps the number of components least; a large
    /// job may pause as long as smaller ones keep coming.
    case greedy
  }

  /// When the machine has much to do, unimportant jobs get fewer slots
  /// (`enable_compaction_priority_scheduling` of Apache Doris).
  public struct Throttle: Hashable, Sendable {
    /// Runnable threads per processor above which it holds.
    public var machineLoadMax: Double
    /// It does not hold while some request has a greater score.
    public var scoreMax: Int
    /// Jobs at a time while it holds; at least 1.
    public var slotCount: Int

    public init(machineLoadMax: Double, scoreMax: Int, slotCount: Int) {
      precondition(slotCount >= 1, "throttled is not stopped")
      self.machineLoadMax = machineLoadMax
      self.scoreMax = scoreMax
      self.slotCount = slotCount
    }
  }

  /// Disjoint in their kinds. Requests of a kind that no pool has never start.
  public var pools: [Pool]
  /// Jobs of all pools at a time; nil for what the pools allow.
  public var slotCountMax: Int?
  /// Leaves the last of `slotCountMax` slots to cumulative jobs unless one is running. Needs
  /// `slotCountMax` of at least 2.
  public var reservesLastSlot = false
  /// Inputs of more bytes make a large job; nil for no such distinction.
  public var largeByteCountMin: Int?
  /// Slots of each pool that has several which no large job takes.
  public var smallSlotCount = 1
  /// The scores of all running jobs together, since a merge needs memory for each of its inputs;
  /// nil for no limit. A job that needs more runs alone.
  public var permitCount: Int?
  public var priority = Priority.urgency
  /// So many cumulative jobs start between two others while both kinds are wanted; 0 leaves that
  /// to the priority.
  public var cumulativeRounds = 0
  /// A request that has waited longer goes before all that are younger.
  public var patienceSeconds = 60.0
  /// Asks the policy after every so many loads of a tablet (the quick compaction of Apache Doris
  /// 1.1); 0 leaves loads to be found by scans.
  public var publishTrigger = 1
  /// Looks at tablets with loads that nobody has been asked about so often, and whenever a job
  /// ends; nil for never.
  public var scanSeconds: Double?
  /// A tablet is left alone so long after a compaction of it has failed.
  public var backOffSeconds = 1.0
  /// Bytes per second that all jobs together may read and write; infinite for no limit.
  public var bandwidth = Double.infinity
  public var sharing = Sharing.fair
  public var throttle: Throttle?

  /// Every load is looked at at once, and slots are the only limit.
  public init(pools: [Pool]) { self.pools = pools }

  /// Cumulative compactions in a pool of their own, beside base and full ones.
  public init(sharing: Sharing = .fair, cumulativeSlotCount: Int = 2, baseSlotCount: Int = 1) {
    pools = [
      Pool(kinds: [.cumulative], slotCount: cumulativeSlotCount),
      Pool(kinds: [.base, .full], slotCount: baseSlotCount),
    ]
    self.sharing = sharing
  }

  /// Whether the policy is asked at once when a tablet has had its `count`-th load.
  public func isTriggered(byLoad count: Int) -> Bool {
    publishTrigger > 0 && count % publishTrigger == 0
  }

  /// When the next scan comes after `seconds` of a clock; nil if none does.
  public func scanTime(after seconds: Double) -> Double? {
    scanSeconds.map { max(((seconds / $0).rounded(.down) + 1) * $0, seconds.nextUp) }
  }

  /// The pool of a kind; nil if none has it.
  public func pool(of kind: CompactionKind) -> Int? {
    pools.firstIndex { $0.kinds.contains(kind) }
  }

  /// Jobs of a kind that can run at a time; 0 if no pool has it.
  public func slotCount(for kind: CompactionKind) -> Int {
    pool(of: kind).map { slotCount(of: $0) } ?? 0
  }

  /// How many of so many tablets share a slot for cumulative compactions.
  public func tabletsPerSlot(_ tabletCount: Int) -> Double {
    Double(tabletCount) / Double(max(1, slotCount(for: .cumulative)))
  }

  /// Jobs of a pool that can run at a time.
  public func slotCount(of pool: Int) -> Int {
    min(pools[pool].slotCount, slotCountMax ?? .max)
  }
}
