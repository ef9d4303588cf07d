import StorageBase
import TabletModel

/// Scheduling rules made from a spec: `name` or `name:key=value,key=value`.
///
///     let doris = try ConfiguredScheduler(spec: "doris:slots=2")
///     doris.rules.next(among: requests, beside: running, now: now)
public struct ConfiguredScheduler: Sendable {
  public let name: String
  public let rules: SchedulingRules
  /// Every parameter with the value it has, in declared order.
  public let parameters: [PolicyParameter]

  /// What the names stand for, in the order of listings.
  public static let names = ["fair", "greedy", "single", "doris", "doris-1.0"]

  /// - Throws: `StorageError.unknownName` for a name or parameter that does not exist,
  ///   `StorageError.invalidArgument` for a value that is malformed or out of range.
  public init(spec: String) throws {
    let spec = try PolicySpec(spec, of: "scheduler", among: Self.names)
    var parameters = spec.parameters
    name = spec.name
    rules = Self.make(spec.name, &parameters)
    try parameters.finish()
    self.parameters = parameters.declared
  }

  /// One line: what the one of this name does.
  public static func summary(of name: String) -> String {
    switch name {
    case "fair": "slots for each kind; jobs share the bandwidth alike"
    case "greedy": "slots for each kind; the job with least left goes first, others pause"
    case "single": "one job at a time, whatever it is"
    case "doris": "Apache Doris since 1.1: pools, permits, a reserved slot, a trigger on publish"
    default: "Apache Doris before 1.1: one pool, permits, loads are found by scans alone"
    }
  }

  /// Where the defaults come from.
  public static func source(of name: String) -> String {
    switch name {
    case "fair", "greedy", "single": "Luo and Carey, PVLDB 13(4), 2019"
    case "doris":
      "olap_server.cpp, compaction_permit_limiter.cpp, quick_compaction_batch_size of 1.1; "
        + "what makes a job large, and the back-off, are ours"
    default: "config.h and olap_server.cpp of apache/doris PR 5683; the back-off is ours"
    }
  }

  /// The parameters that the one of this name has, with their defaults as values.
  public static func parameters(of name: String) -> [PolicyParameter] {
    var parameters = PolicyParameters(policy: name)
    _ = make(name, &parameters)
    return parameters.declared
  }

  /// The shortest spec of these rules: parameters at their defaults are left out.
  public var spec: String {
    let changed = parameters.filter { $0.value != $0.defaultValue }
    return changed.isEmpty ? name : "\(name):\(Self.list(changed))"
  }

  /// All parameters as `key=value,key=value`, for run records: defaults may change between
  /// releases.
  public var parameterList: String { Self.list(parameters) }

  /// Name and all parameters.
  public var fullSpec: String { "\(name):\(parameterList)" }

  private static func list(_ parameters: [PolicyParameter]) -> String {
    parameters.map { "\($0.name)=\($0.value)" }.joined(separator: ",")
  }

  private static func make(
    _ name: String, _ parameters: inout PolicyParameters
  ) -> SchedulingRules {
    SchedulingRules(&parameters, defaults: SchedulerDefaults(name))
  }
}

/// The defaults of a preset, in the units of its parameters.
struct SchedulerDefaults {
  /// Nil for one pool of all kinds.
  var poolSlots: (cumulative: Int, base: Int)? = (2, 1)
  /// Of all pools; 0 for no limit.
  var slots = 0
  var reservesLastSlot = false
  var largeMebibytes = 0
  var permits = 0
  var priority = SchedulingRules.Priority.urgency
  var rounds = 0
  var publish = 1
  var scanSeconds = 0.0
  var backOffSeconds = 1.0
  var sharing = SchedulingRules.Sharing.fair
  var throttleLoad = 0.0

  init(_ name: String) {
    switch name {
    case "fair": break
    case "greedy": sharing = .greedy
    case "single":
      poolSlots = nil
      slots = 1
    default:
      reservesLastSlot = true
      permits = 10_000
      priority = .score
      rounds = 9
      scanSeconds = 2
      backOffSeconds = 5
      if name == "doris" {
        poolSlots = (10, 4)
        slots = 4
        publish = 10
        largeMebibytes = 1024
        throttleLoad = 0.8
      } else {
        poolSlots = nil
        slots = 2
        publish = 0
      }
    }
  }
}
