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
    FullPolicy.self,
    NonePolicy.self,
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
    let parts = spec.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    let name = String(parts[0])
    guard let entry = entries.first(where: { $0.name == name }) else {
      throw StorageError.unknownName(
        kind: "policy", name: name, known: entries.map(\.name).sorted())
    }
    var parameters = PolicyParameters(
      policy: name, given: parts.count == 2 ? try assignments(parts[1], of: spec) : [:])
    let policy = entry.type.init(&parameters)
    try parameters.finish()
    return ConfiguredPolicy(name: name, policy: policy, parameters: parameters.declared)
  }

  private func assignments(_ list: Substring, of spec: String) throws -> [String: String] {
    var result: [String: String] = [:]
    for pair in list.split(separator: ",", omittingEmptySubsequences: false) {
      let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard sides.count == 2, !sides[0].isEmpty else {
        throw StorageError.invalidArgument(
          name: "policy", value: spec,
          reason: "\"\(pair)\" is not of the form key=value; write name:key=value,key=value")
      }
      guard result.updateValue(String(sides[1]), forKey: String(sides[0])) == nil else {
        throw StorageError.invalidArgument(
          name: "policy", value: spec, reason: "\(sides[0]) is given twice")
      }
    }
    return result
  }
}
