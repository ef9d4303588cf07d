import StorageBase
import TabletModel

// How events are written: see `FORMAT.md`.

extension TraceOrigin {
  /// The first line of a trace, with its line feed.
  public var line: String {
    var members = [
      JSONValue.Member("trace", .string(Self.format)),
      JSONValue.Member("version", .integer(Self.version)),
      JSONValue.Member("source", .string(source)),
    ]
    if let policy { members.append(.init("policy", .string(policy))) }
    if let seed { members.append(.init("seed", .string(String(seed)))) }
    return JSONValue.object(members).compactText + "\n"
  }

  static let format = "sediment-compaction"
  static let version = 2
  /// Older versions are like this one with less in it.
  static let versions = 1...2
}

extension TraceEvent {
  /// The event as a line of a trace, with its line feed.
  public var line: String { JSONValue.object(members).compactText + "\n" }

  private var members: [JSONValue.Member] {
    let (name, rest) = nameAndMembers
    return [
      .init("event", .string(name)), .init("tablet", .integer(Int(clamping: tablet.rawValue))),
    ] + rest
  }

  private var nameAndMembers: (String, [JSONValue.Member]) {
    switch self {
    case .tablet(_, let tablet, let at):
      let keys = tablet.keysModel == .unique ? "unique" : "duplicate"
      return ("tablet", [.init("at", at.json), .init("keys", .string(keys))] + tablet.members)
    case .load(_, let rowset, let visibleAt):
      return ("load", visibleAt.visible(after: rowset.createdAt) + [.init("rowset", rowset.json)])
    case .merge(_, let merge):
      return (
        "merge",
        [
          JSONValue.Member("at", merge.at.json)
        ] + merge.visibleAt.visible(after: merge.at) + [
          .init("kind", .string("\(merge.kind)")),
          .init("point", merge.cumulativePoint.json), .init("rowset", merge.output.json),
        ]
      )
    case .ask(_, let question): return ("ask", question.members)
    case .job(_, let job): return ("job", job.members)
    }
  }
}

extension TracedTablet {
  fileprivate var members: [JSONValue.Member] {
    let successes = lastSuccessAt.sorted { $0.key.rawValue < $1.key.rawValue }.map {
      JSONValue.Member("\($0.key)", $0.value.json)
    }
    return [
      .init("point", cumulativePoint.json), .init("succeeded", .object(successes)),
      .init("rowsets", .array(rowsets.map(\.json))),
    ]
  }
}

extension TracedQuestion {
  fileprivate var members: [JSONValue.Member] {
    let kinds = CompactionKind.allCases.filter { allowedKinds.contains($0) }
    var members: [JSONValue.Member] = [
      .init("at", now.json), .init("kinds", .array(kinds.map { .string("\($0)") })),
    ]
    if !inFlight.isEmpty { members.append(.init("in_flight", .array(inFlight.map(\.json)))) }
    if entropy != 0 { members.append(.init("entropy", .string(String(entropy, radix: 16)))) }
    if let traffic { members.append(.init("traffic", traffic.json)) }
    switch view {
    case .newest(unseen: 0): break
    case .newest(let unseen): members.append(.init("unseen", .integer(unseen)))
    case .other(let tablet): members.append(.init("saw", .object(tablet.members)))
    }
    switch decision {
    case .compact(let picks, let reason):
      members.append(.init("picks", .array(picks.map(\.json))))
      members.append(.init("because", .string(reason)))
    case .wait(let until, let reason):
      if let until { members.append(.init("until", until.json)) }
      members.append(.init("because", .string(reason)))
    }
    return members
  }
}

extension TracedJob {
  fileprivate var members: [JSONValue.Member] {
    var members: [JSONValue.Member] = [
      .init("kind", .string("\(kind)")), .init("versions", versions.json),
      .init("queued", queuedAt.json), .init("started", startedAt.json),
      .init("finished", finishedAt.json), .init("cpu_us", .integer(cpuMicroseconds)),
      .init("input_bytes", .integer(inputByteCount)),
    ]
    switch result {
    case .written(let byteCount): members.append(.init("output_bytes", .integer(byteCount)))
    case .failed(let error): members.append(.init("error", .string(error)))
    }
    return members
  }
}

extension CompactionPick {
  fileprivate var json: JSONValue {
    .object([
      .init("kind", .string("\(kind)")), .init("versions", versions.json),
      .init("urgency", urgency.json),
    ])
  }
}

extension RowsetSummary {
  fileprivate var json: JSONValue {
    var members: [JSONValue.Member] = [
      .init("versions", versions.json), .init("bytes", .integer(byteCount)),
      .init("rows", .integer(rowCount)), .init("segments", .integer(segmentCount)),
    ]
    if deltaCount > 0 { members.append(.init("deltas", .integer(deltaCount))) }
    if segmentsOverlap { members.append(.init("overlap", true)) }
    if mergeDepth > 0 { members.append(.init("depth", .integer(mergeDepth))) }
    members.append(.init("created", createdAt.json))
    return .object(members)
  }
}

extension TabletTraffic {
  fileprivate var json: JSONValue {
    var members: [JSONValue.Member] = [
      .init("loads_per_s", loadsPerSecond.json), .init("bytes_per_load", bytesPerLoad.json),
      .init("queries_per_s", queriesPerSecond.json),
      .init("since_load_s", secondsSinceLoad.json),
      .init("tablets_per_slot", tabletsPerSlot.json),
    ]
    if let versionLimit { members.append(.init("version_limit", .integer(versionLimit))) }
    if let costs {
      members.append(.init("merge_s", costs.secondsPerMerge.json))
      members.append(.init("merged_byte_s", costs.secondsPerByteMerged.json))
      members.append(.init("elapsed_per_cpu_s", costs.elapsedPerProcessorSecond.json))
      members.append(.init("component_s", costs.secondsPerComponentRead.json))
    }
    return .object(members)
  }
}

extension Double {
  /// JSON has no infinities.
  fileprivate var json: JSONValue { isFinite ? .number(self) : .string("\(self)") }
}

extension Version {
  fileprivate var json: JSONValue { .integer(Int(rawValue)) }
}

extension VersionRange {
  fileprivate var json: JSONValue { .array([first.json, last.json]) }
}

extension Timestamp {
  fileprivate var json: JSONValue { .integer(Int(rawValue)) }

  /// Left out where it says nothing new.
  fileprivate func visible(after earlier: Timestamp) -> [JSONValue.Member] {
    self == earlier ? [] : [.init("visible", json)]
  }
}
