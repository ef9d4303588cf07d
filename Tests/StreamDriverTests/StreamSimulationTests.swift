import EngineSimulation
import Testing

/// Streams through crashes: `./dev soak --kind streams --seed N` replays one and shows what
/// happens.
struct StreamSimulationTests {
  @Test(arguments: 0..<10) func everyRowIsThereOnce(group: UInt64) throws {
    for seed in group * 12..<group * 12 + 12 {
      do {
        _ = try StreamSimulation(seed: seed).run()
      } catch {
        Issue.record("replay with `./dev soak --kind streams --seed \(seed)`: \(error)")
      }
    }
  }

  @Test func everythingHappens() throws {
    var counts: [String: Int] = [:]
    // Others than above, so that no run is made twice.
    for seed in 120..<150 {
      let trace = try StreamSimulation(seed: UInt64(seed)).run()
      counts.merge(trace.counts) { $0 + $1 }
    }
    let kinds = [
      "kill", "power failure", "failed", "asked to stop", "disk dies soon", "compact", "altered",
    ]
    for kind in kinds {
      #expect(counts[kind, default: 0] > 0, "\(kind) never happened")
    }
  }

  @Test func equalSeedsGiveEqualRuns() throws {
    #expect(
      try StreamSimulation(seed: 5).run().hash == StreamSimulation(seed: 5).run().hash)
  }
}
