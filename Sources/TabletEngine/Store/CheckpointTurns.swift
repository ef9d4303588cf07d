import StorageBase
import StorageIO

/// Whose turn it is to make a checkpoint, and whether one is due. One is made at a time, beside the
/// commits. Thread-safe.
final class CheckpointTurns: Sendable {
  enum Need: Hashable, Sendable {
    case none
    /// The log file is as large as it should become.
    case due
    /// It is twice as large: nobody makes checkpoints who could, or they take too long.
    case overdue
  }

  private struct State {
    var isTaken = false
    /// Of the file that is being written.
    var logByteCount: UInt64
    /// From how many bytes on a checkpoint is due.
    var dueByteCount: UInt64
  }

  private let state: Monitor<State>
  private let logFileByteCountMax: UInt64

  /// - Parameter logByteCount: of the log file that is being written.
  init(logByteCount: UInt64, logFileByteCountMax: Int) {
    self.logFileByteCountMax = UInt64(max(0, logFileByteCountMax))
    state = Monitor(
      State(logByteCount: logByteCount, dueByteCount: self.logFileByteCountMax))
  }

  /// Takes note of how large the log file is.
  func note(logByteCount: UInt64) { state.withLock { $0.logByteCount = logByteCount } }

  /// Whether somebody should make a checkpoint; not while somebody does.
  var need: Need { state.withLock { need($0) } }

  private func need(_ state: State) -> Need {
    guard !state.isTaken, state.logByteCount >= state.dueByteCount else { return .none }
    return state.logByteCount - state.dueByteCount >= logFileByteCountMax ? .overdue : .due
  }

  /// Makes a checkpoint, once whoever is at it has done.
  func inTurn<Result>(_ make: () throws -> Result) throws -> Result {
    state.wait { (state: inout State) -> Void? in
      if state.isTaken { return nil }
      state.isTaken = true
      return ()
    }
    return try finish(make)
  }

  /// Makes a checkpoint if one is due.
  func ifDue(_ make: () throws -> Void) throws {
    let isTaken = state.withLock { state in
      guard need(state) != .none else { return false }
      state.isTaken = true
      return true
    }
    if isTaken { try finish(make) }
  }

  private func finish<Result>(_ make: () throws -> Result) throws -> Result {
    var isDone = false
    defer {
      state.withLock { state in
        state.isTaken = false
        // A failure postpones the next one until as much again has been written.
        state.dueByteCount = (isDone ? 0 : state.logByteCount) + logFileByteCountMax
      }
      state.signal()
    }
    let result = try make()
    isDone = true
    return result
  }
}
