import StorageBase
import TabletModel

/// A policy that can be asked for by name.
///
/// To add one: a file with a type like this, its line in `PolicyCatalogue.shipped`, and a file of
/// expected decisions in `Tests/CompactionPoliciesTests/TestData`.
public protocol CataloguedPolicy: CompactionPolicy {
  /// What `--policy` calls it: lower case, words joined by `-`.
  static var name: String { get }
  /// One line: what it does.
  static var summary: String { get }
  /// The system or paper it comes from.
  static var source: String { get }

  /// Reads, and thereby declares, the parameters.
  init(_ parameters: inout PolicyParameters)
}

/// What the catalogue knows of a policy; what `bench policies` prints.
public struct PolicyEntry: Sendable {
  public let type: any CataloguedPolicy.Type
  public let name: String
  public let summary: String
  public let source: String
  /// Declared parameters in order, with their defaults as values.
  public let parameters: [PolicyParameter]
  /// With the defaults.
  public let designPoint: DesignPoint

  init<P: CataloguedPolicy>(_ type: P.Type) {
    self.type = type
    name = P.name
    summary = P.summary
    source = P.source
    var parameters = PolicyParameters(policy: P.name)
    designPoint = P(&parameters).designPoint
    self.parameters = parameters.declared
  }
}

/// A policy made from a spec, with what is needed to make the same one again.
public struct ConfiguredPolicy: Sendable {
  public let name: String
  public let policy: any CompactionPolicy
  /// Every parameter with the value it has, in declared order.
  public let parameters: [PolicyParameter]

  /// The shortest spec of this policy: parameters at their defaults are left out. Two specs mean
  /// the same policy exactly if their canonical specs are equal.
  public var spec: String {
    let changed = parameters.filter { $0.value != $0.defaultValue }
    return changed.isEmpty ? name : "\(name):\(Self.list(changed))"
  }

  /// All parameters as `key=value,key=value`, for run records: defaults may change between
  /// releases.
  public var parameterList: String { Self.list(parameters) }

  private static func list(_ parameters: [PolicyParameter]) -> String {
    parameters.map { "\($0.name)=\($0.value)" }.joined(separator: ",")
  }
}
