import EngineSimulation
import Testing

/// The engine under simulation, a fixed set of seeds. `./dev soak` runs more, optimised and on all
/// cores, and `./dev soak --seed S` one again.
@Suite struct EngineSimulationTests {
  private static let seedCount = 600

  @Test func nothingAcknowledgedIsLost() {
    var counts: [String: Int] = [:]
    for seed in 0..<Self.seedCount {
      do {
        let trace = try Simulation(seed: UInt64(seed))
          .run(stepCount: Simulation.usualStepCount)
        for (kind, count) in trace.counts { counts[kind, default: 0] += count }
      } catch {
        Issue.record("\(error)\n./dev soak --seed \(seed)")
      }
    }
    // A simulation in which nothing happens proves nothing.
    #expect(counts["load", default: 0] > Self.seedCount * 5)
    let often = ["compacted", "power failure", "faults begin", "sweep", "checkpoint"]
    for kind in often { #expect(counts[kind, default: 0] > Self.seedCount, "\(kind)") }
    // What has injected faults is noted where it ends, once for all of them.
    #expect(counts["faults", default: 0] > Self.seedCount / 2)
    let sometimes = [
      "read", "read held", "read older", "read past", "query", "kill", "close", "too many versions",
      "compaction cancelled", "compaction failed", "open refused", "decided by recovery",
      "read failed", "clock jumps", "precommitted", "committed", "aborted", "repeated commit",
      "label in use", "maintain", "precommit failed", "inspect", "group load",
      "group load visible", "group load alone", "group load answered", "group load refused",
      "group loads flushed", "group load failed", "group transaction aborted",
      "too many versions of group loads", "backup", "backup failed", "backup opened", "restored",
      "partial load", "partial load prepared", "partial load precommitted",
      "partial load decided", "partial load of several tables", "new keys refused",
      "deleted by key",
      "deleted by condition", "nothing to delete", "conflict", "altered", "alter failed",
      "checkpoint overtaken", "linked", "loads together", "load together", "loads together failed",
    ]
    for kind in sometimes { #expect(counts[kind, default: 0] > 2, "\(kind)") }
  }

  /// The same seed does the same things.
  @Test(arguments: [1, 2, 3]) func seedsAreRepeatable(seed: UInt64) throws {
    let first = try Simulation(seed: seed).run(stepCount: Simulation.usualStepCount)
    let second = try Simulation(seed: seed).run(stepCount: Simulation.usualStepCount)
    #expect(first == second)
    let other = try Simulation(seed: seed + 1).run(stepCount: Simulation.usualStepCount)
    #expect(first.hash != other.hash)
  }
}
