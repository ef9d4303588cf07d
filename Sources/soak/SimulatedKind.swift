import ArgumentParser
import EngineSimulation

/// What a soak simulates.
enum SimulatedKind: String, CaseIterable, ExpressibleByArgument {
  /// Loads, compactions, reads and crashes of one store.
  case engine
  /// Streams into a store, exactly once.
  case streams
  /// Replicas of a table that share their compactions.
  case replicas

  /// Steps of a seed unless told; a stream goes on to its end.
  var usualStepCount: Int {
    switch self {
    case .engine, .streams: Simulation.usualStepCount
    case .replicas: ReplicaSimulation.usualStepCount
    }
  }

  /// Runs a seed, and hands over the events, when they are kept, whether it is sound or not.
  func run(
    seed: UInt64, stepCount: Int, onEvents: (([String]) -> Void)? = nil
  ) throws -> SimulationTrace {
    switch self {
    case .engine:
      let simulation = try Simulation(seed: seed, keepsEvents: onEvents != nil)
      defer { onEvents?(simulation.events) }
      return try simulation.run(stepCount: stepCount)
    case .streams:
      let simulation = try StreamSimulation(seed: seed, keepsEvents: onEvents != nil)
      defer { onEvents?(simulation.events) }
      return try simulation.run()
    case .replicas:
      let simulation = try ReplicaSimulation(seed: seed, keepsEvents: onEvents != nil)
      defer { onEvents?(simulation.events) }
      return try simulation.run(stepCount: stepCount)
    }
  }
}
