import StorageBase
import TabletModel

extension BackPressure {
  /// What the names stand for, in the order of listings.
  public static let names = ["smooth", "hard", "none"]

  /// The one that `spec` asks for: `none`, `hard`, `smooth`, or `smooth:soft=0.6,patience=30`.
  /// - Throws: `StorageError.unknownName` for a name or parameter that does not exist,
  ///   `StorageError.invalidArgument` for a value that is malformed or out of range.
  public init(spec: String) throws {
    let spec = try PolicySpec(spec, of: "back-pressure", among: Self.names)
    var parameters = spec.parameters
    self = Self.make(spec.name, &parameters)
    try parameters.finish()
  }

  /// One line: what the one of this name does.
  public static func summary(of name: String) -> String {
    switch name {
    case "none": "every load is taken, however many versions a tablet has"
    case "hard": "loads are refused at the version limit, and never slowed"
    default: "loads are slowed before the version limit, and refused at it after a wait"
    }
  }

  /// The parameters that the one of this name has, with their values.
  public static func parameters(of name: String) -> [PolicyParameter] {
    var parameters = PolicyParameters(policy: name)
    _ = make(name, &parameters)
    return parameters.declared
  }

  private static func make(_ name: String, _ parameters: inout PolicyParameters) -> BackPressure {
    switch name {
    case "none": return .none
    case "hard": return .hard
    default: return .smooth(SmoothSlowing(&parameters))
    }
  }
}

extension BackPressure: CustomStringConvertible {
  /// A spec with all parameters, for run records: defaults may change between releases.
  public var description: String {
    switch self {
    case .none: "none"
    case .hard: "hard"
    case .smooth(let slowing):
      "smooth:soft=\(slowing.softFraction),horizon=\(slowing.horizonSeconds),"
        + "patience=\(slowing.patienceSeconds)"
    }
  }
}

extension SmoothSlowing {
  fileprivate init(_ parameters: inout PolicyParameters) {
    let defaults = SmoothSlowing()
    self.init(
      softFraction: parameters.number(
        "soft", default: defaults.softFraction, in: Self.softFractionRange,
        "part of the version limit below which nothing is slowed"),
      horizonSeconds: parameters.number(
        "horizon", default: defaults.horizonSeconds, in: Self.horizonRange,
        "seconds that the last versions before the limit are made to last"),
      patienceSeconds: parameters.number(
        "patience", default: defaults.patienceSeconds, in: Self.patienceRange,
        "seconds that one load is held back at most"))
  }
}
