import CompactionPolicies
import StorageBase
import TabletModel

/// One run of a sweep: everything that decides what comes out of it, as it is written in files and
/// on command lines. Equal points have equal outcomes.
public struct SweepPoint: Hashable, Sendable {
  public enum Model: String, Hashable, Sendable, CaseIterable {
    /// `CanonicalModel`: equal loads, instant merges, exact bytes.
    case flushes
    /// `TimedModel`: merges take time, writers wait.
    case timed
  }

  public enum Mode: String, Hashable, Sendable, CaseIterable {
    /// In virtual time.
    case simulated
    /// The same loads into a real store, at the times at which they are due.
    case engine
  }

  public var model = Model.timed
  public var mode = Mode.simulated
  /// Names the arrivals, sizes and so on together.
  public var workload = "default"
  /// The canonical spec: parameters at their defaults are left out.
  public var policy = "gradient"
  public var arrivals = "poisson:per_s=20"
  public var sizes = "constant:kib=1024"
  /// Of the key space of a tablet; 0 if every load brings new keys.
  public var overlapMebibytes = 0
  public var tabletCount = 1
  public var writerCount = 4
  public var loadCount = 20_000
  public var keys = "duplicate"
  /// How often queries come.
  public var queries = "0"
  public var scheduler = "fair"
  public var costs = ""
  public var backPressure = "smooth"
  public var versionLimit = 500
  public var seed: UInt64 = 1

  public init() {}

  /// What `keys` can be.
  public static let keysNames = ["duplicate", "unique"]

  private var keysModel: KeysModel { keys == "unique" ? .unique : .duplicate }

  /// - Throws: `StorageError` for a spec that is not understood.
  public func timedModel() throws -> TimedModel {
    var model = TimedModel()
    model.arrivals = try ArrivalProcess(spec: arrivals)
    model.sizes = try LoadSizes(spec: sizes)
    model.overlap =
      overlapMebibytes == 0 ? .none : .uniform(spaceByteCount: overlapMebibytes << 20)
    model.tabletCount = tabletCount
    model.writerCount = writerCount
    model.versionLimit = versionLimit
    model.backPressure = try BackPressure(spec: backPressure)
    model.scheduler = try ConfiguredScheduler(spec: scheduler).rules
    model.costs = try CostModel(list: costs)
    model.queries = try QueryProcess(spec: queries)
    model.keysModel = keysModel
    model.seed = seed
    return model
  }

  /// - Throws: `StorageError` for a spec that is not understood, or for loads that are not of one
  ///   size.
  public func canonicalModel() throws -> CanonicalModel {
    guard case .constant(let byteCount) = try LoadSizes(spec: sizes) else {
      throw StorageError.invalidArgument(
        name: "sizes", value: sizes,
        reason: "the model flushes has loads of one size; write constant:kib=1024")
    }
    return CanonicalModel(loadByteCount: byteCount, keysModel: keysModel, seed: seed)
  }

  /// Whether everything this point is made of can be understood.
  /// - Throws: `StorageError` naming the first part that cannot.
  public func validate(catalogue: PolicyCatalogue = .shipped) throws {
    _ = try catalogue.policy(policy)
    switch model {
    case .flushes: _ = try canonicalModel()
    case .timed: _ = try timedModel()
    }
    if mode == .engine { try validateForEngine() }
  }

  /// Most writers and tablets of a run on real files: each writer is a thread, each tablet a table.
  static let engineCountMax = 256
  /// What is known of each key of a tablet takes a bit.
  static let engineOverlapMebibyteMax = 64 << 10

  private func validateForEngine() throws {
    func require(_ condition: Bool, _ name: String, _ value: String, _ reason: String) throws {
      guard condition else {
        throw StorageError.invalidArgument(name: name, value: value, reason: reason)
      }
    }
    try require(
      model == .timed, "model", model.rawValue, "in the engine merges take time; use timed")
    for (name, count) in [("writers", writerCount), ("tablets", tabletCount)] {
      try require(
        count <= Self.engineCountMax, name, "\(count)",
        "the engine is run with at most \(Self.engineCountMax)")
    }
    try require(
      overlapMebibytes == 0 || keys == "unique", "overlap_mib", "\(overlapMebibytes)",
      "in the engine only merges of unique keys make data smaller; use keys: unique")
    try require(
      overlapMebibytes <= Self.engineOverlapMebibyteMax, "overlap_mib", "\(overlapMebibytes)",
      "the engine is run with at most \(Self.engineOverlapMebibyteMax)")
  }
}
