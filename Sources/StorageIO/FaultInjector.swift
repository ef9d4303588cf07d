import Glibc
import StorageBase
import Synchronization

/// One fault that happened.
public struct InjectedFault: Hashable, Sendable, CustomStringConvertible {
  /// The number of the operation, counted from 0 since the plan was set.
  public let number: Int
  public let operation: FileOperation
  public let path: String
  public let fault: FaultPlan.Fault

  public var description: String { "operation \(number) (\(operation.rawValue) \(path)): \(fault)" }
}

/// Counts the operations of a faulty file system and decides which of them fail. Thread-safe.
final class FaultInjector: Sendable {
  private struct State: Sendable {
    var plan: FaultPlan
    var random: SeededGenerator
    var operationCount = 0
    /// Operations each rule has matched.
    var matchCounts: [Int]
    var writtenByteCount: UInt64 = 0
    var injected: [InjectedFault] = []

    init(_ plan: FaultPlan) {
      self.plan = plan
      random = SeededGenerator(seed: plan.seed)
      matchCounts = [Int](repeating: 0, count: plan.rules.count)
    }

    mutating func nextFault(_ operation: FileOperation, _ path: String) -> FaultPlan.Fault? {
      var fault: FaultPlan.Fault?
      for (index, rule) in plan.rules.enumerated() where rule.matches(operation, path) {
        let ordinal = matchCounts[index]
        matchCounts[index] += 1
        let fires =
          switch rule.occurrence {
          case .only(let number): ordinal == number
          case .from(let number): ordinal >= number
          case .every(let period): ordinal % max(1, period) == max(1, period) - 1
          case .random(let probability): random.nextUnit() < probability
          }
        if fires && fault == nil { fault = rule.fault }
      }
      if let fault {
        injected.append(
          InjectedFault(number: operationCount, operation: operation, path: path, fault: fault))
      }
      operationCount += 1
      return fault
    }
  }

  private let state: Mutex<State>

  init(_ plan: FaultPlan) { state = Mutex(State(plan)) }

  var operationCount: Int { state.withLock { $0.operationCount } }
  var injected: [InjectedFault] { state.withLock { $0.injected } }

  func replacePlan(_ plan: FaultPlan) { state.withLock { $0 = State(plan) } }

  func random(below bound: Int) -> Int {
    state.withLock { Int.random(in: 0..<bound, using: &$0.random) }
  }

  /// Counts an operation and says what goes wrong with it.
  func fault(for operation: FileOperation, _ path: String) -> FaultPlan.Fault? {
    state.withLock { $0.nextFault(operation, path) }
  }

  /// Counts an operation; throws when it is to fail, returns false when it is to be skipped.
  func proceed(_ operation: FileOperation, _ path: String) throws -> Bool {
    switch fault(for: operation, path) {
    case .error(let code), .tornWrite(let code):
      throw StorageError.system(operation.rawValue, path, code: code)
    case .lostSync: return false
    case .bitFlip, .shortRead, nil: return true
    }
  }

  /// How many of `byteCount` bytes still fit on the device, which then has them.
  func takeRoom(_ byteCount: Int) -> Int {
    state.withLock { state in
      let room = state.plan.writableByteCount.map { $0 - min($0, state.writtenByteCount) }
      let taken = Int(min(UInt64(byteCount), room ?? .max))
      state.writtenByteCount += UInt64(taken)
      return taken
    }
  }
}
