import ArgumentParser
import CompactionPolicies
import PolicyLab
import StorageBase
import TabletModel

struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Says what a policy saw at a moment of a trace, what it chose, and why nothing else.",
    discussion: """
      The question is the last one at or before the moment. Every range of neighbouring rowsets is \
      looked at: what merging it would cost, and which rule excluded it. Policies that do not \
      state their rules are asked again on the tablet as it was before anything newer had come.

      EXAMPLES
        bench explain /tmp/run.trace --at 12.5
        bench explain /tmp/run.trace --at end --tablet 3 --kind base
        bench explain /tmp/run.trace --at 12.5 --policy tiered:t=8
            what another policy would have done on the same facts
        bench explain /tmp/tablet.trace --at end --policy gradient --all
            every range in a table
      """)

  @Argument(help: "The trace.")
  var file: String

  @Option(help: "Seconds from the first event of the trace, or end.")
  var at = "end"

  @Option(help: "The tablet; without it the one that was asked about last.")
  var tablet: UInt64?

  @Option(help: "Of the questions with a free slot of this kind: cumulative, base or full.")
  var kind: String?

  @Option(help: "name or name:key=value,key=value; without it the policy that was recorded.")
  var policy: String?

  @Flag(help: "Lists every range with its cost.")
  var all = false

  func run() throws {
    try withErrorsReported {
      let trace = try CompactionTrace(path: file)
      print(try text(of: trace))
    }
  }

  func text(of trace: CompactionTrace) throws -> String {
    let query = TraceQuery(trace)
    let answer = try query.answer(
      at: try moment(of: query), tablet: tablet.map(TabletID.init(rawValue:)),
      kind: try wantedKind())
    let configured = try PolicyCatalogue.shipped.policy(
      policy ?? trace.origin.policy ?? GradientPolicy.name)
    // Another policy is asked on the facts; the recorded one has answered.
    let isRecorded = policy == nil && trace.origin.policy != nil && answer.recorded != nil
    let explanation = DecisionExplanation(
      of: answer.facts, under: configured.policy, decision: isRecorded ? answer.recorded : nil)
    return ExplanationText(
      explanation: explanation, answer: answer, policy: configured.spec, isRecorded: isRecorded,
      start: query.start,
      whatIfs: WhatIf.answers(
        on: answer.facts, of: configured.policy, decision: explanation.decision),
      listsAll: all
    ).text
  }

  private func moment(of query: TraceQuery) throws -> Timestamp {
    if at == "end" { return query.end }
    guard let seconds = Double(at), (0...1e12).contains(seconds) else {
      throw StorageError.invalidArgument(
        name: "--at", value: at, reason: "write seconds from the first event, or end")
    }
    return query.start.advanced(bySeconds: seconds)
  }

  private func wantedKind() throws -> CompactionKind? {
    guard let kind else { return nil }
    guard let known = CompactionKind.allCases.first(where: { "\($0)" == kind }) else {
      throw StorageError.unknownName(
        kind: "kind", name: kind, known: CompactionKind.allCases.map { "\($0)" })
    }
    return known
  }
}
