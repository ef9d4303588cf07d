import Foundation
import Testing

/// The engine under simulation. `./dev soak --seeds N` runs more seeds; SEDIMENT_SEED=S runs one
/// again.
@Suite struct EngineSimulationTests {
  private static let stepCount = 60

  private static func number(_ variable: String) -> Int? {
    ProcessInfo.processInfo.environment[variable].flatMap { Int($0) }
  }

  private static var seeds: Range<Int> {
    if let seed = number("SEDIMENT_SEED") { return seed..<seed + 1 }
    return 0..<(number("SEDIMENT_SOAK_SEEDS") ?? 300)
  }

  @Test func nothingAcknowledgedIsLost() {
    var total = EngineSimulation.Trace()
    for seed in Self.seeds {
      do {
        var simulation = EngineSimulation(seed: UInt64(seed))
        let trace = try simulation.run(stepCount: Self.stepCount)
        total.loads += trace.loads
        total.compactions += trace.compactions
        total.crashes += trace.crashes
        total.faults += trace.faults
      } catch {
        Issue.record("\(error)\nSEDIMENT_SEED=\(seed) ./dev test --filter EngineSimulation")
      }
    }
    guard Self.seeds.count > 100 else { return }
    // A simulation in which nothing happens proves nothing.
    #expect(total.loads > Self.seeds.count * 5)
    #expect(total.compactions > Self.seeds.count)
    #expect(total.crashes > Self.seeds.count)
    #expect(total.faults > Self.seeds.count)
  }

  /// The same seed does the same things.
  @Test(arguments: [1, 2, 3]) func seedsAreRepeatable(seed: UInt64) throws {
    var first = EngineSimulation(seed: seed)
    var second = EngineSimulation(seed: seed)
    #expect(
      try first.run(stepCount: Self.stepCount) == second.run(stepCount: Self.stepCount))
  }
}
