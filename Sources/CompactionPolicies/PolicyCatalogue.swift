import StorageBase
import TabletModel

/// Policies by name.
///
///     let gradient = try PolicyCatalogue.shipped.policy("gradient:min_deltas=10")
///     gradient.policy.decide(facts)
public struct PolicyCatalogue: Sendable {
  /// What comes with Sediment. The order is that of listings.
  public static let shipped = PolicyCatalogue([
    GradientPolicy.self,
    NumBasedPolicy.self,
    TimeSeriesPolicy.self,
    FullPolicy.self,
    NonePolicy.self,
    TieredPolicy.self,
    LeveledPolicy.self,
    LazyLeveledPolicy.self,
    FluidPolicy.self,
    CollapsedPolicy.self,
    UnifiedPolicy.self,
    SizeTieredPolicy.self,
    UniversalPolicy.self,
    ExploringPolicy.self,
    ConcurrentPolicy.self,
    ClickHousePolicy.self,
    LucenePolicy.self,
    StarRocksPolicy.self,
    ConstantPolicy.self,
    BigtablePolicy.self,
    BinomialPolicy.self,
    MinLatencyPolicy.self,
    AdaptivePolicy.self,
  ])

  public let entries: [PolicyEntry]

  /// - Precondition: the names are distinct.
  public init(_ policies: [any CataloguedPolicy.Type]) {
    entries = policies.map { PolicyEntry($0) }
    precondition(Set(entries.map(\.name)).count == entries.count, "two policies of one name")
  }

  /// This catalogue and more policies, for programs that bring their own.
  public func adding(_ policies: any CataloguedPolicy.Type...) -> PolicyCatalogue {
    PolicyCatalogue(entries.map(\.type) + policies)
  }

  /// Makes the policy that `spec` asks for: `name` or `name:key=value,key=value`.
  /// - Throws: `StorageError.unknownName` for a policy or parameter that does not exist,
  ///   `StorageError.invalidArgument` for a value that is malformed or out of range.
  public func policy(_ spec: String) throws -> ConfiguredPolicy {
    let spec = try PolicySpec(spec, of: "policy")
    guard let entry = entries.first(where: { $0.name == spec.name }) else {
      throw StorageError.unknownName(
        kind: "policy", name: spec.name, known: entries.map(\.name).sorted())
    }
    var parameters = spec.parameters
    let policy = entry.type.init(&parameters)
    try parameters.finish()
    return ConfiguredPolicy(name: spec.name, policy: policy, parameters: parameters.declared)
  }
}
