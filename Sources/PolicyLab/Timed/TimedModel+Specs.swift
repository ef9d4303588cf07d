import CompactionPolicies
import StorageBase

// What the command line asks for, written as policies are: `poisson:per_s=20`. All throw
// `StorageError.unknownName` for a name or parameter that does not exist, and
// `StorageError.invalidArgument` for a value that is malformed or out of range.

extension ArrivalProcess {
  /// What the names stand for, in the order of listings.
  public static let names = ["constant", "poisson", "bursty", "shift", "closed"]

  public init(spec: String) throws {
    let spec = try PolicySpec(spec, of: "arrival process", among: Self.names)
    var parameters = spec.parameters
    if spec.name == "closed" {
      self = .closed
    } else {
      let rate = parameters.number("per_s", default: 20, in: 1e-6...1e9, "loads per second")
      switch spec.name {
      case "constant": self = .constant(perSecond: rate)
      case "poisson": self = .poisson(perSecond: rate)
      case "shift":
        self = .shift(
          perSecond: rate,
          thenPerSecond: parameters.number(
            "then_per_s", default: 200, in: 1e-6...1e9, "loads per second afterwards"),
          atSeconds: parameters.number("at_s", default: 600, in: 0...1e9, "when it changes"))
      default:
        self = .bursty(
          perSecond: rate,
          onSeconds: parameters.number("on_s", default: 10, in: 1e-3...1e9, "length of a burst"),
          offSeconds: parameters.number("off_s", default: 10, in: 0...1e9, "time without loads"))
      }
    }
    try parameters.finish()
  }
}

extension QueryProcess {
  /// What the names stand for, in the order of listings.
  public static let names = ["constant", "shift"]

  /// `spec` may be a number as well: a constant rate.
  public init(spec: String) throws {
    if let rate = Double(spec), rate >= 0, rate <= 1e9 {
      self = .constant(perSecond: rate)
      return
    }
    let spec = try PolicySpec(spec, of: "query process", among: Self.names)
    var parameters = spec.parameters
    let rate = parameters.number("per_s", default: 0, in: 0...1e9, "queries per second")
    if spec.name == "constant" {
      self = .constant(perSecond: rate)
    } else {
      self = .shift(
        perSecond: rate,
        thenPerSecond: parameters.number(
          "then_per_s", default: 0, in: 0...1e9, "queries per second afterwards"),
        atSeconds: parameters.number("at_s", default: 600, in: 0...1e9, "when it changes"))
    }
    try parameters.finish()
  }
}

extension LoadSizes {
  /// What the names stand for, in the order of listings.
  public static let names = ["constant", "log-normal", "mixed"]

  public init(spec: String) throws {
    let spec = try PolicySpec(spec, of: "load size", among: Self.names)
    var parameters = spec.parameters
    func kibibytes(_ name: String, _ defaultValue: Int, _ meaning: String) -> Int {
      parameters.integer(name, default: defaultValue, in: 1...(1 << 30), meaning) << 10
    }
    switch spec.name {
    case "constant": self = .constant(byteCount: kibibytes("kib", 1024, "size of a load"))
    case "log-normal":
      self = .logNormal(
        medianByteCount: kibibytes("median_kib", 1024, "half of the loads are smaller"),
        sigma: parameters.number(
          "sigma", default: 1, in: 0...5, "standard deviation of the natural logarithm"))
    default:
      self = .mixed(
        smallByteCount: kibibytes("small_kib", 64, "size of most loads"),
        largeByteCount: kibibytes("large_kib", 65_536, "size of the others"),
        largeShare: parameters.number("share", default: 0.01, in: 0...1, "share of large loads"))
    }
    try parameters.finish()
  }
}

extension CostModel {
  /// `key=value,key=value`; what is not given is as in `CostModel()`.
  public init(list: String) throws {
    let text = list.isEmpty ? "costs" : "costs:\(list)"
    var parameters = try PolicySpec(text, of: "cost model", among: ["costs"]).parameters
    let defaults = CostModel()
    self.init()
    func seconds(_ name: String, _ value: Double, _ meaning: String) -> Double {
      parameters.number(name, default: value * 1e3, in: 0...1e9, meaning) / 1e3
    }
    func speed(_ name: String, _ value: Double, _ meaning: String) -> Double {
      let mebibyte = Double(1 << 20)
      return parameters.number(name, default: value / mebibyte, in: 1e-6...1e9, meaning) * mebibyte
    }
    secondsPerLoad = seconds("load_ms", defaults.secondsPerLoad, "a load, beside its bytes")
    loadBytesPerSecond = speed("load_mib_s", defaults.loadBytesPerSecond, "bytes of loads")
    secondsPerMerge = seconds("merge_ms", defaults.secondsPerMerge, "a merge, beside its bytes")
    secondsWaitedPerMerge = seconds(
      "merge_wait_ms", defaults.secondsWaitedPerMerge, "a merge, while no processor works for it")
    secondsAfterMerge = seconds(
      "after_merge_ms", defaults.secondsAfterMerge, "from an output until its slot is free")
    readBytesPerSecond = speed("read_mib_s", defaults.readBytesPerSecond, "inputs of merges")
    writeBytesPerSecond = speed("write_mib_s", defaults.writeBytesPerSecond, "outputs of merges")
    processorBytesPerSecond = speed(
      "cpu_mib_s", defaults.processorBytesPerSecond, "inputs that a processor merges")
    let limit = parameters.number(
      "bandwidth_mib_s", default: 0, in: 0...1e9,
      "what all merges together read and write; 0 is no limit")
    if limit > 0 { bandwidth = limit * Double(1 << 20) }
    secondsPerQuery = seconds("query_ms", defaults.secondsPerQuery, "a query, beside components")
    secondsPerComponent = seconds(
      "component_ms", defaults.secondsPerComponent, "what a query pays for a component")
    try parameters.finish()
  }
}
