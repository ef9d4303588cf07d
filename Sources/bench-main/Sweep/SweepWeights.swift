import PolicyLab

/// How long the points of a sweep take, about: what progress is counted in.
struct SweepWeights {
  private let seconds: [SweepPoint: Double]
  /// Of simulated loads and of those of a closed system. Guesses; what is left is told by the speed
  /// so far.
  private static let secondsPerSimulatedLoad = 50e-6
  private static let secondsPerClosedLoad = 5e-3
  /// Opening a store, merges after the last load, and looking at what is there.
  private static let secondsPerEngineRun = 0.5

  /// - Throws: `StorageError` for a spec that is not understood.
  init(_ points: [SweepPoint]) throws {
    var seconds: [SweepPoint: Double] = [:]
    for point in points {
      switch point.mode {
      case .simulated:
        seconds[point] = Double(point.loadCount) * Self.secondsPerSimulatedLoad
      case .engine:
        let arrival = try EnginePoint.arrivalSeconds(of: point)
        seconds[point] =
          Self.secondsPerEngineRun
          + (arrival > 0 ? arrival : Double(point.loadCount) * Self.secondsPerClosedLoad)
      }
    }
    self.seconds = seconds
  }

  func weight(of point: SweepPoint) -> Double { seconds[point] ?? 0 }

  func sum(of points: [SweepPoint]) -> Double { points.reduce(0) { $0 + weight(of: $1) } }
}
