/// What is wrong with the engine, as a simulation found it.
public struct SimulationFailure: Error, Hashable, Sendable, CustomStringConvertible {
  public let description: String

  init(_ description: String) { self.description = description }
}
