import StorageBase

/// A step of a simulation.
enum Operation: String, Sendable {
  case createTable, load, prepare, commitPrepared, loadTogether
  case beginTransaction, finishTransaction, commitTransaction, abortTransaction, inspect, maintain
  case updatePartially, preparePartially, precommitPartially, deleteByKey, deleteByCondition, alter
  case compact, sweep, checkpoint
  case groupLoad, submitGroupRows, flushGroupLoads, abortGroupLoad
  case backUp, restore
  case read, readOlder, readHeld, hold, release, query
  case injectFaults, fillDisk, endFaults, dieSoon
  case jumpClock
  case close, kill, losePower

  /// How often each is chosen, relative to the others.
  private static let weights: [(Operation, Int)] = [
    (.load, 32), (.prepare, 4), (.commitPrepared, 6), (.createTable, 6), (.loadTogether, 8),
    (.beginTransaction, 10), (.finishTransaction, 10), (.commitTransaction, 8),
    (.abortTransaction, 3), (.inspect, 3), (.maintain, 5),
    (.groupLoad, 14), (.submitGroupRows, 8), (.flushGroupLoads, 5), (.abortGroupLoad, 1),
    (.updatePartially, 12), (.preparePartially, 8), (.precommitPartially, 8), (.deleteByKey, 4),
    (.deleteByCondition, 8),
    (.alter, 4),
    (.compact, 12), (.sweep, 5), (.checkpoint, 4), (.backUp, 2), (.restore, 2),
    (.read, 5), (.readOlder, 4), (.readHeld, 4), (.hold, 4), (.release, 2), (.query, 4),
    (.injectFaults, 4), (.fillDisk, 2), (.endFaults, 3), (.dieSoon, 2), (.jumpClock, 3),
    (.close, 2), (.kill, 2), (.losePower, 3),
  ]

  /// What may happen in the middle of something else, on the same thread.
  private static let interruptions: [(Operation, Int)] = [
    (.load, 12), (.prepare, 2), (.commitPrepared, 4), (.createTable, 1), (.sweep, 5),
    (.loadTogether, 4),
    (.beginTransaction, 2), (.finishTransaction, 2), (.commitTransaction, 4),
    (.abortTransaction, 2), (.inspect, 1), (.maintain, 2),
    (.groupLoad, 5), (.submitGroupRows, 3), (.flushGroupLoads, 2), (.abortGroupLoad, 1),
    (.updatePartially, 6), (.preparePartially, 2), (.precommitPartially, 2), (.deleteByKey, 2),
    (.deleteByCondition, 3),
    (.alter, 2),
    (.checkpoint, 4), (.read, 2), (.readOlder, 2), (.readHeld, 2), (.hold, 2), (.release, 1),
    (.query, 1), (.injectFaults, 1), (.endFaults, 1), (.jumpClock, 1),
  ]

  static func random(_ random: inout SeededGenerator) -> Operation {
    choice(among: weights, &random)
  }

  static func randomInterruption(_ random: inout SeededGenerator) -> Operation {
    choice(among: interruptions, &random)
  }

  private static func choice(
    among weights: [(Operation, Int)], _ random: inout SeededGenerator
  ) -> Operation {
    var rest = Int.random(in: 0..<weights.reduce(0) { $0 + $1.1 }, using: &random)
    for (operation, weight) in weights {
      if rest < weight { return operation }
      rest -= weight
    }
    return .load
  }
}
