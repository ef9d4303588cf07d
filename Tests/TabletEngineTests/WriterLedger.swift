import QueryEngine
import StorageBase
import StorageIO
import TabletModel
import Testing

@testable import TabletEngine

/// What is known of the operations of a killed writer, by what it said.
struct WriterLedger {
  private enum Fate {
    /// Asked for and not answered: whole or not at all.
    case uncertain
    case present
    case absent
    /// The first phase was asked for and not answered.
    case perhapsWaiting
    case waiting
    /// A commit, or an abort, was asked for and not answered.
    case perhapsCommitted
    case perhapsAborted
  }

  private struct Operation {
    var fate: Fate
    var rowCount: Int
    var hasLabel = false
  }

  private struct Nonsense: Error { let line: String }

  private var operations: [Int64: Operation] = [:]
  private(set) var problems: [String] = []

  mutating func note(_ line: String) throws {
    let words = line.split(separator: " ")
    guard words.count >= 2, let number = Int64(words[1]) else { throw Nonsense(line: line) }
    let rowCount = words.count > 2 ? Int(words[2]) ?? 0 : 0
    switch words[0] {
    case "loading": operations[number] = Operation(fate: .uncertain, rowCount: rowCount)
    case "precommitting":
      operations[number] = Operation(fate: .perhapsWaiting, rowCount: rowCount, hasLabel: true)
    case "loaded", "committed": operations[number]?.fate = .present
    case "precommitted": operations[number]?.fate = .waiting
    case "committing": operations[number]?.fate = .perhapsCommitted
    case "aborting": operations[number]?.fate = .perhapsAborted
    case "aborted": operations[number]?.fate = .absent
    case "dropped": operations[number] = Operation(fate: .absent, rowCount: 0)
    case "refused":
      // The store goes on, so it never was; a pre-commit keeps waiting when its commit is refused.
      problems.append(line)
    default: throw Nonsense(line: line)
    }
  }

  /// Looks for every operation in the store, and takes down what became of those that had got no
  /// answer: from now on that stays.
  mutating func compare(with store: Store) throws {
    try store.flushGroupLoads()
    var found = try rowCounts(in: store)
    for (number, operation) in operations {
      let count = found.removeValue(forKey: number) ?? 0
      let state = store.transaction(label: "\(number)")?.state
      guard let fate = settled(operation, count: count, state: state) else {
        problems.append(
          "operation \(number), \(operation.fate): \(count) of \(operation.rowCount) rows, "
            + "transaction \(state.map { "\($0)" } ?? "unknown")")
        continue
      }
      operations[number]?.fate = fate
    }
    for (number, count) in found {
      problems.append("operation \(number): \(count) rows that nobody sent")
    }
  }

  /// What the operation has turned out to be; nil when that cannot be.
  private func settled(_ operation: Operation, count: Int, state: TransactionState?) -> Fate? {
    let isWhole = count == operation.rowCount
    guard count == 0 || isWhole else { return nil }
    switch operation.fate {
    case .uncertain: return isWhole ? .present : .absent
    case .present: return isWhole ? .present : nil
    case .absent: return count == 0 && state != .precommitted ? .absent : nil
    case .waiting: return count == 0 && state == .precommitted ? .waiting : nil
    case .perhapsWaiting:
      guard count == 0 else { return nil }
      return state == .precommitted ? .waiting : state == nil ? .absent : nil
    case .perhapsCommitted:
      if isWhole { return state == .visible ? .present : nil }
      return state == .precommitted ? .waiting : nil
    case .perhapsAborted:
      guard count == 0 else { return nil }
      return state == .precommitted ? .waiting : state == .aborted ? .absent : nil
    }
  }

  /// Decides some of the loads that wait, as a client does that comes back.
  mutating func decideSome(in store: Store, _ random: inout SeededGenerator) throws {
    for (number, operation) in operations.sorted(by: { $0.key < $1.key }) {
      guard case .waiting = operation.fate else { continue }
      switch random.next() % 3 {
      case 0:
        try store.commit(label: "\(number)")
        operations[number]?.fate = .present
      case 1:
        try store.abort(label: "\(number)")
        operations[number]?.fate = .absent
      default: break
      }
    }
  }

  private func rowCounts(in store: Store) throws -> [Int64: Int] {
    var counts: [Int64: Int] = [:]
    let query = Query.grouping(by: "operation").computing(.countAll, as: "count")
    for table in store.snapshot() {
      for row in try query.run(on: table).result.rows {
        guard case .integer(let number) = row[0], case .integer(let count) = row[1] else {
          continue
        }
        counts[Int64(number), default: 0] += Int(count)
      }
    }
    return counts
  }
}
