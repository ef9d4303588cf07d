import StorageBase

/// Asks a `SocketServer` questions, one after the other, over a connection that is made anew after
/// each failure. Thread-safe; questions of several threads wait for each other.
public final class SocketClient: Sendable {
  private struct Connection: @unchecked Sendable {
    // Only used under the lock.
    var socket: SocketConnection?
  }

  private let path: String
  private let seconds: Double
  private let connection = Monitor(Connection())

  /// - Parameters:
  ///   - path: where the server listens.
  ///   - seconds: how long each step may take.
  public init(path: String, seconds: Double) {
    self.path = path
    self.seconds = seconds
  }

  /// - Throws: `StorageError` when there is no answer in time.
  public func exchange(_ question: [UInt8]) throws -> [UInt8] {
    try connection.withLock { connection in
      do {
        let socket =
          try connection.socket ?? SocketConnection(connectingTo: path, seconds: seconds)
        connection.socket = socket
        try socket.send(question)
        guard let answer = try socket.receive() else {
          throw StorageError.io(
            operation: "read an answer from", path: path, code: 0,
            message: "the connection was closed")
        }
        return answer
      } catch {
        connection.socket = nil
        throw error
      }
    }
  }
}
