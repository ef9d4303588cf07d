import CompactionPolicies
import ConfigReading
import PolicyLab
import StorageBase
import TabletModel
import Yams

extension SweepGrid {
  /// Reads the file of a sweep:
  ///
  /// ```yaml
  /// model: timed                        # or flushes: equal loads, instant merges, exact bytes
  /// policies:                           # as --policy takes them, or with lists of values
  ///   - gradient
  ///   - tiered: {t: [2, 4, 10]}
  /// workloads:                          # any number; without them there is one
  ///   steady:
  ///     arrivals: poisson:per_s=20
  ///     sizes: constant:kib=1024
  ///   bursty:
  ///     arrivals: {bursty: {per_s: [50, 100], on_s: 5, off_s: 20}}
  ///     sizes: log-normal:median_kib=256
  ///     overlap_mib: 4096
  ///     keys: unique
  /// schedulers: [fair, "greedy:cumulative=4,base=1"]
  /// modes: [simulated, engine]          # in virtual time, on real files, or both
  /// seeds: 1..3                         # or a list
  /// loads: 20000                        # here for all workloads, or in each
  /// ```
  ///
  /// Beside these there are `tablets`, `writers` and `queries` of workloads, and `costs`,
  /// `back_pressure` and `version_limit`. Every value can be a list, and the sweep has all
  /// combinations.
  /// - Parameter path: names the file in errors.
  /// - Throws: `StorageError.invalidArgument` with every mistake and its place.
  public init(yaml text: String, path: String, catalogue: PolicyCatalogue = .shipped) throws {
    var reader = SweepReader(catalogue: catalogue)
    let grid = reader.read(text)
    guard reader.mistakes.isEmpty, let grid else {
      throw reader.mistakes.error(kind: "sweep", path: path)
    }
    self = grid
  }
}

/// Reads the file of a sweep and collects what is wrong with it, so that all can be mended at
/// once.
struct SweepReader: ConfigReader {
  let catalogue: PolicyCatalogue
  var mistakes = ConfigMistakes()
  private var grid = SweepGrid()

  init(catalogue: PolicyCatalogue) { self.catalogue = catalogue }

  private static let workloadKeys = [
    "arrivals", "sizes", "overlap_mib", "tablets", "writers", "loads", "keys", "queries",
  ]
  private static let axisKeys = [
    "model", "mode", "modes", "policies", "workloads", "schedulers", "costs", "back_pressure",
    "version_limit",
    "seeds",
  ]
  /// What the canonical model has not got.
  private static let timedKeys: Set = [
    "arrivals", "overlap_mib", "tablets", "writers", "schedulers", "costs", "back_pressure",
    "version_limit", "queries",
  ]

  mutating func read(_ text: String) -> SweepGrid? {
    guard let root = document(text, hint: "; give at least policies: [gradient]"),
      let keys = timedMembers(of: root, among: Self.axisKeys + Self.workloadKeys)
    else { return nil }
    readModel(keys)
    readModes(keys)
    readAxes(keys, root)
    readWorkloads(keys)
    return mistakes.isEmpty ? grid : nil
  }

  /// The members of a mapping; complains also about keys that mean nothing in the model.
  private mutating func timedMembers(of node: Node, among known: [String]) -> [String: Node]? {
    guard var members = members(of: node, among: known) else { return nil }
    guard grid.model == .flushes else { return members }
    for (key, _) in node.mapping ?? [:] {
      guard let name = key.string, Self.timedKeys.contains(name) else { continue }
      complain(key, "\(name) means nothing in the model flushes; remove it, or use timed")
      members[name] = nil
    }
    return members
  }

  func remedy(forUnknownKey name: String, among known: [String]) -> String {
    if name.contains("=") { return "within { } quote a value with commas: \"poisson:per_s=20\"" }
    return suggestion(for: name, among: known)
  }

  private mutating func readModel(_ keys: [String: Node]) {
    guard let node = keys["model"] else { return }
    guard let model = node.string.flatMap(SweepPoint.Model.init(rawValue:)) else {
      let known = SweepPoint.Model.allCases.map(\.rawValue).joined(separator: " or ")
      return complain(node, "model is \(shown(node)); write \(known)")
    }
    grid.model = model
    guard model == .flushes else { return }
    for (key, value) in keys.sorted(by: { $0.key < $1.key }) where Self.timedKeys.contains(key) {
      complain(value, "\(key) means nothing in the model flushes; remove it, or use timed")
    }
  }

  private mutating func readModes(_ keys: [String: Node]) {
    if let mode = keys["mode"], keys["modes"] != nil {
      complain(mode, "mode and modes are the same; give one of them")
    }
    guard let node = keys["modes"] ?? keys["mode"] else { return }
    grid.modes = values(of: node).compactMap { value in
      guard let mode = value.string.flatMap(SweepPoint.Mode.init(rawValue:)) else {
        complain(value, "modes is \(shown(value)); write simulated or engine")
        return nil
      }
      if mode == .engine && grid.model == .flushes {
        complain(value, "in the engine merges take time; remove it, or use the model timed")
      }
      return mode
    }
    if grid.modes.isEmpty { complain(node, "modes is an empty list") }
  }

  private mutating func readAxes(_ keys: [String: Node], _ root: Node) {
    let catalogue = catalogue
    grid.policies = specs(keys["policies"], "policies") { _ = try catalogue.policy($0) } ?? []
    if keys["policies"] == nil { complain(root, "policies are missing, such as [gradient]") }
    if let found = specs(
      keys["schedulers"], "schedulers", { _ = try ConfiguredScheduler(spec: $0) })
    {
      grid.schedulers = found
    }
    if let found = specs(keys["costs"], "costs", { _ = try CostModel(list: $0) }) {
      grid.costs = found
    }
    if let found = specs(keys["back_pressure"], "back_pressure", { _ = try BackPressure(spec: $0) })
    {
      grid.backPressures = found
    }
    if let found = integers(keys["version_limit"], "version_limit", 2...1_000_000) {
      grid.versionLimits = found
    }
    if let found = seeds(keys["seeds"]) { grid.seeds = found }
  }

  private mutating func readWorkloads(_ keys: [String: Node]) {
    var common = SweepWorkload(name: "default")
    fill(&common, keys)
    guard let node = keys["workloads"] else {
      grid.workloads = [common]
      return
    }
    guard let mapping = node.mapping, !mapping.isEmpty else {
      return complain(node, "workloads must be names with settings, such as steady: {loads: 1000}")
    }
    for (key, value) in mapping {
      guard let name = key.string, !name.isEmpty else {
        complain(key, "a workload has no name")
        continue
      }
      var workload = common
      workload.name = name
      // A name alone is a workload with the common settings.
      if value.null == nil, let keys = timedMembers(of: value, among: Self.workloadKeys) {
        fill(&workload, keys)
      }
      grid.workloads.append(workload)
    }
  }

  private mutating func fill(_ workload: inout SweepWorkload, _ keys: [String: Node]) {
    if let found = specs(keys["arrivals"], "arrivals", { _ = try ArrivalProcess(spec: $0) }) {
      workload.arrivals = found
    }
    if let found = specs(keys["sizes"], "sizes", { _ = try LoadSizes(spec: $0) }) {
      workload.sizes = found
    }
    if let found = integers(keys["overlap_mib"], "overlap_mib", 0...(1 << 30)) {
      workload.overlapMebibytes = found
    }
    if let found = integers(keys["tablets"], "tablets", 1...100_000) {
      workload.tabletCounts = found
    }
    if let found = integers(keys["writers"], "writers", 1...100_000) {
      workload.writerCounts = found
    }
    if let found = integers(keys["loads"], "loads", 1...1_000_000_000) {
      workload.loadCounts = found
    }
    if let found = specs(keys["queries"], "queries", { _ = try QueryProcess(spec: $0) }) {
      workload.queries = found
    }
    if let node = keys["keys"] {
      workload.keys = values(of: node).compactMap { value in
        if let text = value.string, SweepPoint.keysNames.contains(text) { return text }
        complain(value, "keys is \(shown(value)); write unique or duplicate")
        return nil
      }
    }
  }
}
