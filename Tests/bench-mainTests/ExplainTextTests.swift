import CompactionPolicies
import PolicyLab
import StorageBase
import TabletModel
import Testing

@testable import bench_main

/// What `bench explain` prints.
@Suite struct ExplainTextTests {
  private static let start = Timestamp(rawValue: 1_790_000_000_000_000)

  private static func trace() throws -> CompactionTrace {
    var facts = TabletFacts(
      rowsets: [
        RowsetSummary(versions: .initial, byteCount: 0, segmentCount: 0, createdAt: start)
      ], cumulativePoint: Version(2), now: start)
    let id = TabletID(rawValue: 7)
    var recorder = TraceRecorder()
    var events = recorder.note(facts, of: id)
    for (index, size) in [40_960, 900, 800].enumerated() {
      facts.now = start.advanced(bySeconds: Double(index + 1))
      facts.rowsets.append(
        RowsetSummary(
          versions: VersionRange(Int64(index + 2), Int64(index + 2)), byteCount: size,
          rowCount: size / 10, createdAt: facts.now))
      events += recorder.note(facts, of: id)
    }
    facts.now = start.advanced(bySeconds: 3.5)
    facts.allowedKinds = [.cumulative]
    facts.entropy = 0xAB
    let decision = try command(["x"]).decision(on: facts)
    events.append(recorder.asked(facts, of: id, decision: decision))
    return CompactionTrace(
      origin: TraceOrigin(source: "engine", policy: "gradient"), events: events)
  }

  private static func command(_ arguments: [String]) throws -> ExplainCommand {
    try #require(try ExplainCommand.parseAsRoot(arguments) as? ExplainCommand)
  }

  @Test func aDecisionToWait() throws {
    let text = try Self.command(["x", "--at", "end"]).text(of: Self.trace())
    #expect(
      text == """
        tablet 7, 3.500 s: gradient was asked on these facts
          free slots       cumulative
          being merged     nothing
          cumulative point 2
          last successes   none
          keys             duplicate, entropy ab

          rowset     bytes  rows  segments  score  merged     age
        ────────  ────────  ────  ────────  ─────  ──────  ──────  ────────────────
          [0-1]        0 B     0         0      1       0  3.50 s  before the point
          [2-2]   40.0 KiB  4096         1      1       0  2.50 s
          [3-3]      900 B    90         1      1       0  1.50 s
          [4-4]      800 B    80         1      1       0  500 ms

        decision: wait
          because score 2, 1.6 KiB in the last 2 of 3 rowsets; no base slot is free

        why not another range:
          4 × nothing to merge
              such as [0-1]: base [0-1]: a single sorted rowset, rewriting it is no use
          3 × no slot of the kind
              such as [0-4]: full [0-4]: no slot of this kind is free
          2 × level step
              such as [2-4]: [2-2] with 40 KiB is of level 32 KiB, above that of the 1.6 KiB after \
        it (1 KiB)
          1 × too little
              such as [3-4]: [3-4] has a score of 2, less than min_deltas 5, and 1.6 KiB, less \
        than 64 MiB

        otherwise:
          if every slot were free and nothing running: wait, because score 2, 1.6 KiB in the last \
        2 of 3 rowsets; base: nothing promoted
          after 3 more loads like the newest one: merge cumulative [3-7], because score 5, 4 KiB \
        in the last 5 of 6 rowsets

        cheapest for each component less, of 3 ranges that could be merged:
          range  kind        rowsets  score     bytes  less  bytes each  why not
        ───────  ──────────  ───────  ─────  ────────  ────  ──────────  ──────────
          [3-4]  cumulative        2      2  1.66 KiB     1    1.66 KiB  too little
          [2-4]  cumulative        3      3  41.7 KiB     2    20.8 KiB  level step
          [2-3]  cumulative        2      2  40.9 KiB     1    40.9 KiB  level step

        """)
  }

  @Test func anotherPolicyOnTheSameFacts() throws {
    let text = try Self.command(["x", "--policy", "full:k=2", "--all"]).text(of: Self.trace())
    #expect(text.contains("full:k=2, asked now, on these facts"))
    #expect(
      text.contains("decision: wait\n  because run count 3, but no full compaction can start"))
    #expect(text.contains("  recorded: wait, because score 2, 1.6 KiB in the last 2 of 3 rowsets;"))
    #expect(text.contains("if every slot were free and nothing running: merge full [0-4]"))
    #expect(text.contains("all ranges:"))
  }

  @Test func chosenRangesAreShown() throws {
    let text = try Self.command(["x", "--policy", "constant:k=1"]).text(of: Self.trace())
    #expect(text.contains("decision: merge cumulative [2-4]"))
    #expect(
      text.contains("[2-4]: 3 rowsets, score 3, 41.7 KiB; 20.8 KiB written for each component"))
    #expect(text.contains("chosen"))
  }

  @Test func momentsAndKindsAreChecked() throws {
    for arguments in [["--at", "soon"], ["--at=-1"], ["--kind", "odd"], ["--tablet", "3"]] {
      #expect(throws: StorageError.self) {
        try Self.command(["x"] + arguments).text(of: Self.trace())
      }
    }
  }
}

extension ExplainCommand {
  /// What the default policy says.
  fileprivate func decision(on facts: TabletFacts) throws -> CompactionDecision {
    DecisionExplanation(of: facts, under: try PolicyCatalogue.shipped.policy("gradient").policy)
      .decision
  }
}
