import StorageBase
import TabletModel

// How events are read back: see `FORMAT.md`. All throw `JSONMismatch`.

extension TraceOrigin {
  init(_ value: JSONValue) throws(JSONMismatch) {
    var members = try JSONMembers(value, of: "the first line")
    let format = try members.string("trace")
    guard format == Self.format else {
      throw JSONMismatch(expected: "\"trace\":\"\(Self.format)\"", found: "\"\(format)\"")
    }
    _ = members.take("version")
    source = try members.string("source")
    policy = try members.optionalString("policy")
    seed = nil
    if let digits = try members.optionalString("seed") {
      guard let number = UInt64(digits) else {
        throw JSONMismatch(expected: "seed to be decimal digits", found: digits)
      }
      seed = number
    }
    try members.finish()
  }

  /// The version of a first line, before anything else of it is looked at; nil if it is none.
  static func version(of value: JSONValue) -> Int? {
    guard case .object(let members) = value,
      members.contains(where: { $0.key == "trace" && $0.value == .string(format) }),
      case .integer(let version)? = members.first(where: { $0.key == "version" })?.value
    else { return nil }
    return version
  }
}

extension TraceEvent {
  /// - Parameter keysModel: of the tablets so far.
  init(
    _ value: JSONValue, keysModel: (TabletID) -> KeysModel?
  ) throws(JSONMismatch) {
    var members = try JSONMembers(value, of: "an event")
    let name = try members.string("event")
    let tablet = TabletID(rawValue: UInt64(try members.integer("tablet")))
    switch name {
    case "tablet":
      let at = try members.time("at")
      let keys = try members.string("keys")
      guard let model = ["duplicate": KeysModel.duplicate, "unique": .unique][keys] else {
        throw JSONMismatch(expected: "keys to be duplicate or unique", found: keys)
      }
      self = .tablet(tablet, try members.tracedTablet(model), at: at)
    case "load":
      let rowset = try RowsetSummary(members.require("rowset"))
      self = .load(tablet, rowset, visibleAt: try members.visible(after: rowset.createdAt))
    case "merge":
      let at = try members.time("at")
      self = .merge(
        tablet,
        TracedMerge(
          kind: try members.kind(), output: try RowsetSummary(members.require("rowset")),
          cumulativePoint: try members.version("point"), at: at,
          visibleAt: try members.visible(after: at)))
    case "ask": self = .ask(tablet, try TracedQuestion(&members, keysModel(tablet) ?? .duplicate))
    case "job": self = .job(tablet, try TracedJob(&members))
    default: throw JSONMismatch(expected: "a known event", found: name)
    }
    try members.finish()
  }
}

extension TracedQuestion {
  fileprivate init(_ members: inout JSONMembers, _ keysModel: KeysModel) throws(JSONMismatch) {
    now = try members.time("at")
    allowedKinds = []
    for kind in try members.array("kinds") { allowedKinds.insert(try CompactionKind(kind)) }
    inFlight = []
    for range in try members.array("in_flight") { inFlight.append(try VersionRange(range)) }
    entropy = 0
    if let digits = try members.optionalString("entropy") {
      guard let bits = UInt64(digits, radix: 16) else {
        throw JSONMismatch(expected: "entropy to be 64 bits as hexadecimal digits", found: digits)
      }
      entropy = bits
    }
    traffic = nil
    if let value = members.take("traffic") { traffic = try TabletTraffic(value) }
    view = .newest(unseen: try members.integer("unseen", in: 0...rowsetCountMax, default: 0))
    if let saw = members.take("saw") {
      var seen = try JSONMembers(saw, of: "saw")
      view = .other(try seen.tracedTablet(keysModel))
      try seen.finish()
    }
    let picks = members.take("picks")
    let until = try members.optionalTime("until")
    let reason = try members.string("because")
    guard let picks else {
      decision = .wait(until: until, because: reason)
      return
    }
    guard case .array(let elements) = picks, until == nil else {
      throw JSONMismatch(expected: "picks to be an array, without until", found: picks.compactText)
    }
    var chosen: [CompactionPick] = []
    for element in elements { chosen.append(try CompactionPick(element)) }
    decision = .compact(chosen, because: reason)
  }
}

extension TracedJob {
  fileprivate init(_ members: inout JSONMembers) throws(JSONMismatch) {
    kind = try members.kind()
    versions = try VersionRange(members.require("versions"))
    queuedAt = try members.time("queued")
    startedAt = try members.time("started")
    finishedAt = try members.time("finished")
    cpuMicroseconds = try members.integer("cpu_us", in: 0...timeMax)
    inputByteCount = try members.integer("input_bytes", in: 0...amountMax)
    if let error = try members.optionalString("error") {
      result = .failed(error)
    } else {
      result = .written(byteCount: try members.integer("output_bytes", in: 0...amountMax))
    }
  }
}

extension CompactionPick {
  fileprivate init(_ value: JSONValue) throws(JSONMismatch) {
    var members = try JSONMembers(value, of: "a pick")
    let kind = try members.kind()
    let versions = try VersionRange(members.require("versions"))
    let urgency = try members.number("urgency")
    try members.finish()
    self.init(kind: kind, versions: versions, urgency: urgency)
  }
}

extension RowsetSummary {
  fileprivate init(_ value: JSONValue) throws(JSONMismatch) {
    var members = try JSONMembers(value, of: "a rowset")
    let segmentCount = try members.integer("segments", in: 0...segmentCountMax)
    self.init(
      versions: try VersionRange(members.require("versions")),
      byteCount: try members.integer("bytes", in: 0...amountMax),
      rowCount: try members.integer("rows", in: 0...amountMax), segmentCount: segmentCount,
      deltaCount: try members.integer("deltas", in: 0...segmentCount, default: 0),
      segmentsOverlap: try members.flag("overlap"),
      mergeDepth: try members.integer("depth", in: 0...segmentCountMax, default: 0),
      createdAt: try members.time("created"))
    try members.finish()
  }
}

extension VersionRange {
  fileprivate init(_ value: JSONValue) throws(JSONMismatch) {
    guard case .array(let ends) = value, ends.count == 2, case .integer(let first) = ends[0],
      case .integer(let last) = ends[1], 0 <= first, first <= last, last <= timeMax
    else {
      throw JSONMismatch(expected: "versions [first, last] in order", found: value.compactText)
    }
    self.init(Int64(first), Int64(last))
  }
}

extension CompactionKind {
  fileprivate init(_ value: JSONValue) throws(JSONMismatch) {
    guard let kind = CompactionKind.allCases.first(where: { value == .string("\($0)") }) else {
      throw JSONMismatch(
        expected: "a kind (cumulative, base or full)", found: value.compactText)
    }
    self = kind
  }
}

/// Of times and versions, so that sums and differences of them cannot overflow.
private let timeMax = 1 << 60
/// Of bytes and rows of a rowset, so that sums over a tablet cannot overflow.
private let amountMax = 1 << 47
private let segmentCountMax = 1 << 31
private let rowsetCountMax = TraceState.rowsetCountMax

extension TabletTraffic {
  fileprivate init(_ value: JSONValue) throws(JSONMismatch) {
    var members = try JSONMembers(value, of: "traffic")
    self.init(
      loadsPerSecond: try members.amount("loads_per_s"),
      bytesPerLoad: try members.amount("bytes_per_load"),
      queriesPerSecond: try members.amount("queries_per_s"),
      secondsSinceLoad: try members.amount("since_load_s"),
      tabletsPerSlot: try members.amount("tablets_per_slot"))
    let limit = try members.integer("version_limit", in: 0...rowsetCountMax, default: 0)
    versionLimit = limit > 0 ? limit : nil
    if let merge = try members.optionalAmount("merge_s") {
      costs = WorkCosts(
        secondsPerMerge: merge, secondsPerByteMerged: try members.amount("merged_byte_s"),
        elapsedPerProcessorSecond: try members.amount("elapsed_per_cpu_s"),
        secondsPerComponentRead: try members.amount("component_s"))
    }
    try members.finish()
  }
}

extension JSONMembers {
  fileprivate mutating func amount(_ name: String) throws(JSONMismatch) -> Double {
    guard let amount = try optionalAmount(name) else {
      throw JSONMismatch(expected: "a member \"\(name)\"", found: "none")
    }
    return amount
  }

  /// A number that is finite and not negative.
  fileprivate mutating func optionalAmount(_ name: String) throws(JSONMismatch) -> Double? {
    guard let number = try optionalNumber(name) else { return nil }
    guard number >= 0, number.isFinite else {
      throw JSONMismatch(expected: "\(name) to be finite and not negative", found: "\(number)")
    }
    return number
  }

  fileprivate mutating func number(_ name: String) throws(JSONMismatch) -> Double {
    guard let number = try optionalNumber(name) else {
      throw JSONMismatch(expected: "a member \"\(name)\"", found: "none")
    }
    return number
  }

  fileprivate mutating func optionalNumber(_ name: String) throws(JSONMismatch) -> Double? {
    switch take(name) {
    case nil: return nil
    case .integer(let number)?: return Double(number)
    case .number(let number)?: return number
    case .string("inf")?: return .infinity
    case .string("-inf")?: return -.infinity
    case .string("nan")?: return .nan
    case let other?:
      throw JSONMismatch(expected: "\(name) to be a number", found: other.compactText)
    }
  }

  fileprivate mutating func optionalString(_ name: String) throws(JSONMismatch) -> String? {
    switch take(name) {
    case nil: return nil
    case .string(let text)?: return text
    case let value?:
      throw JSONMismatch(expected: "\(name) to be a string", found: value.compactText)
    }
  }

  fileprivate mutating func time(_ name: String) throws(JSONMismatch) -> Timestamp {
    Timestamp(rawValue: Int64(try integer(name, in: -timeMax...timeMax)))
  }

  fileprivate mutating func optionalTime(_ name: String) throws(JSONMismatch) -> Timestamp? {
    guard let value = take(name) else { return nil }
    guard case .integer(let time) = value, (-timeMax...timeMax).contains(time) else {
      throw JSONMismatch(expected: "\(name) to be a time", found: value.compactText)
    }
    return Timestamp(rawValue: Int64(time))
  }

  fileprivate mutating func visible(after earlier: Timestamp) throws(JSONMismatch) -> Timestamp {
    let time = try optionalTime("visible") ?? earlier
    guard time >= earlier else {
      throw JSONMismatch(
        expected: "visible at \(earlier.rawValue) or later", found: "\(time.rawValue)")
    }
    return time
  }

  fileprivate mutating func version(_ name: String) throws(JSONMismatch) -> Version {
    Version(Int64(try integer(name, in: 0...timeMax)))
  }

  fileprivate mutating func kind() throws(JSONMismatch) -> CompactionKind {
    try CompactionKind(require("kind"))
  }

  fileprivate mutating func tracedTablet(
    _ keysModel: KeysModel
  ) throws(JSONMismatch) -> TracedTablet {
    let point = try version("point")
    var successes: [CompactionKind: Timestamp] = [:]
    var times = try JSONMembers(require("succeeded"), of: "succeeded")
    for kind in CompactionKind.allCases { successes[kind] = try times.optionalTime("\(kind)") }
    try times.finish()
    var rowsets: [RowsetSummary] = []
    var end = Version(0)
    for element in try array("rowsets") {
      let rowset = try RowsetSummary(element)
      guard rowset.versions.first == end, rowsets.count < rowsetCountMax else {
        throw JSONMismatch(
          expected: "at most \(rowsetCountMax) rowsets, the next one from version \(end) on",
          found: "\(rowset.versions)")
      }
      end = rowset.versions.last.next
      rowsets.append(rowset)
    }
    guard point <= end else {
      throw JSONMismatch(expected: "a point of at most \(end)", found: "\(point)")
    }
    return TracedTablet(
      keysModel: keysModel, rowsets: rowsets, cumulativePoint: point, lastSuccessAt: successes)
  }
}
