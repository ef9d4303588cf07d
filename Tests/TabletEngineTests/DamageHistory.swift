import StorageBase
import StorageIO
import Testing

@testable import TabletEngine

/// What was done to a store, one change of the log after the other, and what there is after each.
struct DamageHistory {
  enum Change {
    case load([TestStore.Row])
    case precommit(label: String, [TestStore.Row])
    case commit(label: String)
    case abort(label: String)
    /// Rows of a group load that are promised.
    case promise([TestStore.Row])
    /// All promised rows become visible.
    case publish
  }

  struct State {
    var visible: [TestStore.Row] = []
    var waiting: [String: [TestStore.Row]] = [:]
    var promised: [[TestStore.Row]] = []
    var commitCount = 0

    /// With what was promised, but not what waits.
    var rows: Set<TestStore.Row> { Set(visible + promised.flatMap { $0 }) }

    mutating func apply(_ change: Change) {
      switch change {
      case .load(let rows):
        visible += rows
        commitCount += 1
      case .precommit(let label, let rows): waiting[label] = rows
      case .commit(let label):
        visible += waiting.removeValue(forKey: label) ?? []
        commitCount += 1
      case .abort(let label): waiting[label] = nil
      case .promise(let rows): promised.append(rows)
      case .publish:
        visible += promised.flatMap { $0 }
        promised = []
        commitCount += 1
      }
    }
  }

  private(set) var changes: [Change] = []
  /// Before the first change and after each.
  private(set) var states = [State()]
  /// In the order they were promised.
  private(set) var promises: [[TestStore.Row]] = []

  var last: State { states[states.count - 1] }

  mutating func note(_ change: Change) {
    var state = last
    state.apply(change)
    changes.append(change)
    states.append(state)
    if case .promise(let rows) = change { promises.append(rows) }
  }

  /// Does something at random and notes it.
  mutating func grow(_ store: Store, number: Int, _ random: inout SeededGenerator) throws {
    let rows = TestStore.rows(load: number, count: 1 + Int(random.next() % 60), random: &random)
    let waiting = last.waiting.keys.sorted()
    switch random.next() % 10 {
    case 0, 1:
      let load = try store.begin(label: "waits \(number)")
      try load.builder(for: TestStore.tableName).append(TestStore.batch(rows))
      try load.precommit()
      note(.precommit(label: "waits \(number)", rows))
    case 2, 3:
      _ = try store.groupLoad(TestStore.batch(rows), into: TestStore.tableName, mode: .async)
      note(.promise(rows))
    case 4 where !last.promised.isEmpty:
      try store.flushGroupLoads()
      note(.publish)
    case 5 where !waiting.isEmpty, 6 where !waiting.isEmpty:
      let label = waiting[Int(random.next() % UInt64(waiting.count))]
      try store.commit(label: label)
      note(.commit(label: label))
    case 7 where !waiting.isEmpty:
      try store.abort(label: waiting[0])
      note(.abort(label: waiting[0]))
    case 8:
      try store.load(TestStore.batch(rows), into: TestStore.tableName, label: "load \(number)")
      note(.load(rows))
    default:
      try store.load(TestStore.batch(rows), into: TestStore.tableName)
      note(.load(rows))
    }
  }

  /// Whether one of the changes from `index` on aborts a load.
  func isAborted(_ label: String, from index: Int) -> Bool {
    changes[index...].contains {
      if case .abort(label) = $0 { true } else { false }
    }
  }

  /// Rows that the client has lost when the history ends before change `index`, and that the report
  /// does not have to name when the change itself cannot be read.
  func rowCount(ofChange index: Int) -> Int {
    guard changes.indices.contains(index) else { return 0 }
    switch changes[index] {
    case .load(let rows), .promise(let rows), .precommit(_, let rows): return rows.count
    case .commit(let label): return states[index].waiting[label]?.count ?? 0
    case .abort, .publish: return 0
    }
  }
}
