import EngineSimulation
import Testing

/// Replicas under simulation, a fixed set of seeds. `./dev soak --kind replicas` runs more, and
/// `./dev soak --kind replicas --seed S` one again.
@Suite struct ReplicaSimulationTests {
  private static let seedCount = 24

  @Test func replicasNeverDiverge() {
    var counts: [String: Int] = [:]
    for seed in 0..<Self.seedCount {
      do {
        let trace = try ReplicaSimulation(seed: UInt64(seed))
          .run(stepCount: ReplicaSimulation.usualStepCount)
        for (kind, count) in trace.counts { counts[kind, default: 0] += count }
      } catch {
        Issue.record("\(error)\n./dev soak --kind replicas --seed \(seed)")
      }
    }
    // A simulation in which nothing happens proves nothing.
    for kind in ["load", "fetched", "merged", "offers", "read past", "message lost"] {
      #expect(counts[kind, default: 0] > Self.seedCount, "\(kind)")
    }
    let sometimes = [
      "fetch failed", "message doubled", "message late", "message damaged", "power failure", "kill",
      "isolated", "believed alive", "faults begin", "disk dies soon", "load failed",
      "load missed", "another load", "fetched among strays",
    ]
    for kind in sometimes { #expect(counts[kind, default: 0] > 0, "\(kind)") }
  }

  /// The same seed does the same things.
  @Test(arguments: [1, 2]) func seedsAreRepeatable(seed: UInt64) throws {
    let first = try ReplicaSimulation(seed: seed).run(stepCount: ReplicaSimulation.usualStepCount)
    let second = try ReplicaSimulation(seed: seed).run(stepCount: ReplicaSimulation.usualStepCount)
    #expect(first == second)
    let other = try ReplicaSimulation(seed: seed + 1)
      .run(stepCount: ReplicaSimulation.usualStepCount)
    #expect(first.hash != other.hash)
  }
}
