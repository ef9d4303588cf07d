import StorageBase

/// A step of a simulation of replicas, on one of them.
enum ReplicaOperation: String, Sendable {
  case load, work, workOff, poll, tick, sweep, checkpoint, read, readPast
  case changeWeather, isolate, connect, changeLive
  case failDisk, dieSoon, wait, close, kill, losePower

  /// How often each is chosen, relative to the others.
  private static let weights: [(ReplicaOperation, Int)] = [
    (.load, 60), (.work, 20), (.workOff, 25), (.poll, 35), (.tick, 8), (.sweep, 5),
    (.checkpoint, 3), (.read, 6), (.readPast, 6), (.changeWeather, 3), (.isolate, 1),
    (.connect, 4), (.changeLive, 2), (.failDisk, 1), (.dieSoon, 1), (.wait, 3), (.close, 1),
    (.kill, 1), (.losePower, 1),
  ]

  /// What may happen in the middle of something else, also to the replica that is at work.
  private static let interruptions: [(ReplicaOperation, Int)] = [
    (.load, 20), (.work, 4), (.poll, 4), (.sweep, 4), (.checkpoint, 2), (.read, 3), (.readPast, 2),
    (.changeWeather, 1), (.isolate, 1), (.changeLive, 1), (.failDisk, 1), (.dieSoon, 1), (.kill, 1),
    (.losePower, 1),
  ]

  var endsProcess: Bool {
    switch self {
    case .close, .kill, .losePower: true
    default: false
    }
  }

  static func random(_ random: inout SeededGenerator) -> ReplicaOperation {
    choice(among: weights, &random)
  }

  static func randomInterruption(_ random: inout SeededGenerator) -> ReplicaOperation {
    choice(among: interruptions, &random)
  }

  private static func choice(
    among weights: [(ReplicaOperation, Int)], _ random: inout SeededGenerator
  ) -> ReplicaOperation {
    var rest = Int.random(in: 0..<weights.reduce(0) { $0 + $1.1 }, using: &random)
    for (operation, weight) in weights {
      if rest < weight { return operation }
      rest -= weight
    }
    return .load
  }
}
