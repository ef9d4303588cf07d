import StorageBase
import TabletModel

/// The model on which published figures of compaction policies can be compared: loads of one size,
/// instant merges, exact integers.
///
/// 1. A flush adds one rowset of `loadByteCount`, newest last. The empty rowset `[0-1]` a tablet is
///    born with is there for the policy to see, but is not a component.
/// 2. The policy is asked, its first pick is carried out, and so on until it waits: the tablet is
///    *settled*. Both cumulative and base compactions are allowed, one at a time.
/// 3. Components are counted when settled; bytes as in `CanonicalRun`.
///
/// Settling ends for every policy: a pick that validates either lessens the number of rowsets or
/// sorts one. A decision to compact nothing is an error.
///
/// This is the cost model of Mao, Jacobs, Amjad, Hristidis, Tsotras and Young ("Comparison and
/// evaluation of state-of-the-art LSM merge policies", VLDB Journal 30(3), 2021) with unit flushes.
public struct CanonicalModel: Hashable, Sendable {
  /// Bytes of a flush; at least 1. It matters to policies with absolute thresholds.
  public var loadByteCount: Int
  /// Virtual seconds between flushes. With the default of a millisecond, a rule for rowsets a day
  /// old cannot fire within 86.4 million flushes, so figures do not depend on time.
  public var flushIntervalSeconds: Double
  /// Of the modelled table. With `.unique` every rowset may be rewritten, as published figures
  /// assume; Doris's policies spare large rowsets of `.duplicate` tables.
  public var keysModel: KeysModel
  /// Seeds the random bits handed to the policy.
  public var seed: UInt64

  public init(
    loadByteCount: Int = 1 << 20, flushIntervalSeconds: Double = 0.001,
    keysModel: KeysModel = .unique, seed: UInt64 = 0
  ) {
    precondition(loadByteCount >= 1, "a flush has at least one byte")
    self.loadByteCount = loadByteCount
    self.flushIntervalSeconds = flushIntervalSeconds
    self.keysModel = keysModel
    self.seed = seed
  }

  /// Runs `policy` for `flushCount` flushes. Decisions dominate the time: policies are linear in
  /// the number of rowsets.
  /// - Parameter onSettled: called after every flush with what has been counted up to it, and the
  ///   tablet.
  /// - Throws: `PolicyFault` when the policy breaks its contract; what `onSettled` throws.
  public func run(
    _ policy: any CompactionPolicy, flushCount: Int,
    onSettled: (CanonicalRun, SimulatedTablet) throws -> Void = { _, _ in }
  ) throws -> CanonicalRun {
    var tablet = SimulatedTablet(policy: policy, keysModel: keysModel)
    var entropy = SeededGenerator(seed: seed)
    var run = CanonicalRun(loadByteCount: loadByteCount)
    for _ in 0..<flushCount {
      tablet.advance(bySeconds: flushIntervalSeconds)
      tablet.load(byteCount: loadByteCount)
      run.noteFlush(componentCount: tablet.componentCount)
      while case .compact(let picks, let reason) = tablet.decide(entropy: entropy.next()) {
        guard let pick = picks.first else { throw PolicyFault.noPicks(because: reason) }
        run.noteMerge(byteCount: try tablet.apply(pick).byteCount)
      }
      run.noteSettled(componentCount: tablet.componentCount)
      try onSettled(run, tablet)
    }
    return run
  }

  /// The component sizes in bytes, oldest first, after each flush.
  /// - Throws: as `run`.
  public func trace(_ policy: any CompactionPolicy, flushCount: Int) throws -> [[Int]] {
    var stacks: [[Int]] = []
    _ = try run(policy, flushCount: flushCount) { _, tablet in stacks.append(tablet.stack) }
    return stacks
  }
}
