import CompactionPolicies
import StorageBase
import TabletModel

/// Runs the text files of `TestData`, whose language its README describes: lines that draw a
/// tablet, lines that ask, and after each of the latter the answer, marked `=> `.
struct DecisionScript {
  struct SyntaxError: Error, CustomStringConvertible {
    var line: String
    var reason: String
    var description: String { "\"\(line)\": \(reason)" }
  }

  private static let now = Timestamp(rawValue: 0).advanced(bySeconds: 1_000_000)
  private var facts = TabletFacts(rowsets: [], cumulativePoint: Version(0), now: now)

  /// `text` with every answer replaced by the current one.
  static func answered(_ text: String) throws -> String {
    var script = DecisionScript()
    var output: [String] = []
    for line in text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    where !line.hasPrefix("=> ") {
      output.append(line)
      output += try script.run(line).map { "=> " + $0 }
    }
    return output.joined(separator: "\n")
  }

  private mutating func run(_ line: String) throws -> [String] {
    let words = line.split(separator: " ").map(String.init)
    guard let verb = words.first else {
      facts = TabletFacts(rowsets: [], cumulativePoint: Version(0), now: Self.now)
      return []
    }
    let arguments = words.dropFirst()
    switch verb {
    case "#": return []
    case "base":
      for item in arguments { try append(item, of: line) }
      facts.cumulativePoint = facts.endVersion
    case "young": for item in arguments { try append(item, of: line) }
    case "running":
      facts.inFlight = try arguments.map { try parse(VersionRange.init(drawing:), $0, line) }
    case "slots":
      facts.allowedKinds = try Set(
        arguments.map { word in
          try parse({ word in CompactionKind.allCases.first { "\($0)" == word } }, word, line)
        })
    case "decide": return try answer(arguments.first ?? "")
    case "point":
      let policy = try PolicyCatalogue.shipped.policy(arguments.first ?? "").policy
      return ["\(policy.initialCumulativePoint(facts))"]
    default: throw SyntaxError(line: line, reason: "unknown verb \(verb)")
    }
    return []
  }

  private func answer(_ spec: String) throws -> [String] {
    let policy = try PolicyCatalogue.shipped.policy(spec).policy
    switch policy.decide(facts) {
    case .wait(let until, let reason):
      let time = until.map { " \(Int($0.seconds(since: facts.now))) s" } ?? ""
      return ["wait\(time): \(reason)"]
    case .compact(let picks, let reason):
      return try picks.map { pick in
        let inputs = try pick.validated(against: facts)
        let output = RowsetSummary(
          versions: pick.versions, byteCount: inputs.totalByteCount,
          segmentCount: inputs.allSatisfy(\.isEmpty) ? 0 : 1, createdAt: facts.now)
        let point = policy.cumulativePoint(after: pick, output: output, in: facts)
        let move = point == facts.cumulativePoint ? "" : ", point to \(point)"
        return "\(pick), urgency \(Int(pick.urgency))\(move)"
      } + ["because \(reason)"]
    }
  }

  private func parse<T>(_ parser: (String) -> T?, _ word: String, _ line: String) throws -> T {
    guard let value = parser(word) else {
      throw SyntaxError(line: line, reason: "cannot read \(word)")
    }
    return value
  }

  /// `[COUNTx]SIZE[/SEGMENTS[!]][@AGE]`, or `empty` in place of the size.
  private mutating func append(_ item: String, of line: String) throws {
    var rest = item[...]
    var age = 0.0
    if let at = rest.lastIndex(of: "@") {
      age = try parse({ Double($0) }, String(rest[rest.index(after: at)...]), line)
      rest = rest[..<at]
    }
    let overlaps = rest.hasSuffix("!")
    if overlaps { rest = rest.dropLast() }
    var segmentCount = 1
    if let slash = rest.lastIndex(of: "/") {
      segmentCount = try parse({ Int($0) }, String(rest[rest.index(after: slash)...]), line)
      rest = rest[..<slash]
    }
    var repetitions = 1
    if let cross = rest.firstIndex(of: "x"), let count = Int(rest[..<cross]) {
      repetitions = count
      rest = rest[rest.index(after: cross)...]
    }
    let isEmpty = rest == "empty"
    let byteCount = isEmpty ? 0 : try parse(byteCount(drawing:), String(rest), line)
    for _ in 0..<repetitions {
      facts.rowsets.append(
        RowsetSummary(
          versions: nextVersions(isEmpty: isEmpty), byteCount: byteCount,
          segmentCount: isEmpty ? 0 : segmentCount, segmentsOverlap: overlaps,
          createdAt: facts.now.advanced(bySeconds: -age)))
    }
  }

  /// The first rowset is `[0-1]` if empty, as tablets are born, else `[0-9]`; others are loads.
  private func nextVersions(isEmpty: Bool) -> VersionRange {
    guard facts.rowsets.isEmpty else { return VersionRange(facts.endVersion, facts.endVersion) }
    return isEmpty ? .initial : VersionRange(0, 9)
  }
}

/// `3KiB`, `64MiB`, `1GiB` or `17B`.
private func byteCount(drawing text: String) -> Int? {
  for (unit, shift) in [("KiB", 10), ("MiB", 20), ("GiB", 30), ("B", 0)]
  where text.hasSuffix(unit) { return Int(text.dropLast(unit.count)).map { $0 << shift } }
  return nil
}

extension VersionRange {
  /// `[2-5]`.
  fileprivate init?(drawing text: String) {
    let ends = text.dropFirst().dropLast().split(separator: "-").compactMap { Int64($0) }
    guard ends.count == 2, ends[0] <= ends[1] else { return nil }
    self.init(ends[0], ends[1])
  }
}
