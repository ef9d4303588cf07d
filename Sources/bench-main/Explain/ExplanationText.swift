import BenchKit
import PolicyLab
import StorageBase
import TabletModel

/// An explanation, for people.
struct ExplanationText {
  let explanation: DecisionExplanation
  let answer: TraceQuery.Answer
  /// The spec of the policy that decides.
  let policy: String
  /// Whether `decision` is what was recorded.
  let isRecorded: Bool
  /// When the trace begins.
  let start: Timestamp
  let whatIfs: [WhatIf]
  /// Lists every range instead of a few of each rule.
  let listsAll: Bool
  private static let cheapestCount = 8

  private var facts: TabletFacts { explanation.facts }

  var text: String {
    var parts = [heading, rowsetTable, decisionText, rulesText]
    if !whatIfs.isEmpty { parts.append(whatIfText) }
    parts.append(listsAll ? allRanges : cheapestRanges)
    return parts.joined(separator: "\n")
  }

  // MARK: What it saw

  private var heading: String {
    let kinds = CompactionKind.allCases.filter { facts.allowedKinds.contains($0) }
    let running = facts.inFlight.map { "\($0)" }.joined(separator: ", ")
    let successes = facts.lastSuccessAt.sorted { $0.key.rawValue < $1.key.rawValue }.map {
      "\($0.key) \(age(of: $0.value)) ago"
    }
    let who = isRecorded ? "\(policy) was asked" : "\(policy), asked now,"
    return """
      tablet \(answer.tablet), \(seconds(facts.now)) s: \(who) on these facts
        free slots       \(kinds.isEmpty ? "none" : kinds.map { "\($0)" }.joined(separator: ", "))
        being merged     \(running.isEmpty ? "nothing" : running)
        cumulative point \(facts.cumulativePoint)
        last successes   \(successes.isEmpty ? "none" : successes.joined(separator: ", "))
        keys             \(facts.keysModel == .unique ? "unique" : "duplicate"), \
      entropy \(String(facts.entropy, radix: 16))

      """
  }

  private var rowsetTable: String {
    var table = TextTable([
      .init("  rowset", .leading), .init("bytes"), .init("rows"), .init("segments"),
      .init("score"), .init("merged"), .init("age"), .init("", .leading),
    ])
    for rowset in facts.rowsets {
      var marks: [String] = []
      if facts.isInFlight(rowset.versions) { marks.append("being merged") }
      if isChosen(rowset) { marks.append("chosen") }
      if rowset.segmentsOverlap { marks.append("segments overlap") }
      if rowset.deltaCount > 0 { marks.append("\(rowset.deltaCount) deltas") }
      if rowset.versions.first < facts.cumulativePoint { marks.append("before the point") }
      table.append([
        "  \(rowset.versions)", formatBytes(rowset.byteCount), "\(rowset.rowCount)",
        "\(rowset.segmentCount)", "\(rowset.score)", "\(rowset.mergeDepth)",
        age(of: rowset.createdAt), marks.joined(separator: ", "),
      ])
    }
    return table.text
  }

  private func isChosen(_ rowset: RowsetSummary) -> Bool {
    guard case .compact(let picks, _) = explanation.decision else { return false }
    return picks.contains { $0.versions.contains(rowset.versions) }
  }

  // MARK: What it chose

  private var decisionText: String {
    var lines: [String]
    switch explanation.decision {
    case .wait(let until, let reason):
      let when = until.map { ", to be asked again at \(seconds($0)) s" } ?? ""
      lines = ["decision: wait\(when)", "  because \(reason)"]
    case .compact(let picks, let reason):
      let list = picks.map { "\($0)" }.joined(separator: " and ")
      lines = ["decision: merge \(list.isEmpty ? "nothing" : list)", "  because \(reason)"]
      for candidate in explanation.chosen {
        lines.append("  \(candidate.pick.versions): \(cost(of: candidate))")
      }
    }
    if !isRecorded, let recorded = answer.recorded {
      lines.append("  recorded: \(Self.summary(of: recorded))")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func summary(of decision: CompactionDecision) -> String {
    switch decision {
    case .wait(_, let reason): return "wait, because \(reason)"
    case .compact(let picks, let reason):
      let list = picks.map { "\($0)" }.joined(separator: " and ")
      return "merge \(list.isEmpty ? "nothing" : list), because \(reason)"
    }
  }

  private func cost(of candidate: DecisionExplanation.Candidate) -> String {
    let each =
      candidate.byteCountPerRemoved.map {
        "\(formatBytes(Int($0))) written for each component less"
      } ?? "no component less"
    return "\(candidate.rowsetCount) rowsets, score \(candidate.score), "
      + "\(formatBytes(candidate.byteCount)); \(each)"
  }

  // MARK: What it did not choose

  private var rulesText: String {
    let rules = explanation.rules
    guard !rules.isEmpty else { return "there are no other ranges\n" }
    var lines = ["why not another range:"]
    for (rule, candidates) in rules {
      lines.append("  \(candidates.count) × \(rule)")
      guard let example = Self.example(of: candidates) else { continue }
      lines.append("      such as \(example.pick.versions): \(example.verdict.because)")
    }
    if let lengthMax = explanation.lengthMax {
      lines.append("  (ranges of more than \(lengthMax) rowsets were left out)")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// The one that would have been worth most.
  private static func example(
    of candidates: [DecisionExplanation.Candidate]
  ) -> DecisionExplanation.Candidate? {
    candidates.min {
      ($0.byteCountPerRemoved ?? .infinity, -$0.removedCount)
        < ($1.byteCountPerRemoved ?? .infinity, -$1.removedCount)
    }
  }

  private var whatIfText: String {
    var lines = ["otherwise:"]
    for whatIf in whatIfs {
      lines.append("  \(whatIf.premise): \(Self.summary(of: whatIf.decision))")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private var cheapestRanges: String {
    let cheapest = explanation.cheapest
    guard !cheapest.isEmpty else { return "no range could be merged" }
    let shown = cheapest.prefix(Self.cheapestCount)
    return "cheapest for each component less, of \(cheapest.count) ranges that could be merged:\n"
      + table(Array(shown))
  }

  private var allRanges: String { "all ranges:\n" + table(explanation.candidates) }

  private func table(_ candidates: [DecisionExplanation.Candidate]) -> String {
    var table = TextTable([
      .init("  range", .leading), .init("kind", .leading), .init("rowsets"), .init("score"),
      .init("bytes"), .init("less"), .init("bytes each"), .init("why not", .leading),
    ])
    for candidate in candidates {
      table.append([
        "  \(candidate.pick.versions)", "\(candidate.pick.kind)", "\(candidate.rowsetCount)",
        "\(candidate.score)", formatBytes(candidate.byteCount), "\(candidate.removedCount)",
        candidate.byteCountPerRemoved.map { formatBytes(Int($0)) } ?? "-", candidate.verdict.rule,
      ])
    }
    return table.text
  }

  // MARK: Times

  private func seconds(_ time: Timestamp) -> String {
    formatFixed(time.seconds(since: start), places: 3)
  }

  private func age(of time: Timestamp) -> String {
    formatDuration(seconds: max(0, facts.now.seconds(since: time)))
  }
}
