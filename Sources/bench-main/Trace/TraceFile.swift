import Glibc
import PolicyLab
import StorageBase
import Synchronization

/// A trace that is written while a run goes on. What has been handed to the system is always whole
/// lines and a piece at most, so it can be read however the run ends. Thread-safe.
final class TraceFile: TraceSink {
  private struct State {
    var text: String
    var failure: StorageError?
  }

  private let path: String
  private let descriptor: Int32
  private let state: Mutex<State>
  private static let bufferByteCount = 64 << 10

  /// Creates the file, or empties it, and writes the first line.
  init(path: String, origin: TraceOrigin) throws {
    self.path = path
    descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw StorageError.io(
        operation: "create", path: path, code: errno, message: String(cString: strerror(errno)))
    }
    state = Mutex(State(text: origin.line))
    try flush()
  }

  deinit { close(descriptor) }

  /// A failure is kept until somebody flushes: a run does not end because its trace has no room.
  func add(_ event: TraceEvent) {
    state.withLock { state in
      guard state.failure == nil else { return }
      state.text += event.line
      if state.text.utf8.count >= Self.bufferByteCount { write(&state) }
    }
  }

  /// Hands everything to the system.
  /// - Throws: `StorageError.io` when it, or what was added before, could not be written.
  func flush() throws {
    let failure = state.withLock { state in
      if state.failure == nil { write(&state) }
      return state.failure
    }
    if let failure { throw failure }
  }

  private func write(_ state: inout State) {
    do {
      try writeAll(state.text, to: descriptor, name: path)
    } catch let error as StorageError {
      state.failure = error
    } catch {
      state.failure = .storeFailed(path: path, cause: "\(error)")
    }
    state.text = ""
  }
}
