import Glibc
import StorageBase

/// Answers questions that come over a Unix socket, those of each client one after the other, on the
/// threads of a pool: a client more than there are threads waits. Thread-safe.
public final class SocketServer: Sendable {
  private struct State {
    var isStopped = false
    /// Open connections, to be woken when the server stops.
    var descriptors: Set<Int32> = []
  }

  private let path: String
  private let listener: Int32
  private let pool: WorkerPool
  private let state = Monitor(State())
  private static let backlog: Int32 = 64

  /// Begins to listen.
  /// - Parameters:
  ///   - path: of the socket, which must not be there yet; it is removed in the end.
  ///   - clientCount: clients that are served at the same time.
  ///   - answer: what a question is answered with; called by several threads at once.
  /// - Throws: `StorageError` when the socket cannot be made.
  public init(
    path: String, clientCount: Int, answer: @escaping @Sendable ([UInt8]) -> [UInt8]
  ) throws {
    self.path = path
    let listener = socket(
      AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    self.listener = listener
    guard listener >= 0 else { throw StorageError.system("open a socket", path) }
    let result: Int32
    do {
      var address = try unixAddress(path)
      result = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
      }
    } catch {
      close(listener)
      throw error
    }
    guard result == 0, listen(listener, Self.backlog) == 0 else {
      let code = errno
      close(listener)
      throw StorageError.system("listen at", path, code: code)
    }
    pool = try WorkerPool(name: "socket", threadCount: clientCount + 1)
    pool.submit { [weak self, listener, path] in
      while true {
        let descriptor = accept(listener, nil, nil)
        if descriptor < 0, errno == EINTR { continue }
        guard descriptor >= 0, let self, self.enter(descriptor) else {
          if descriptor >= 0 { close(descriptor) }
          return
        }
        let connection = Served(SocketConnection(taking: descriptor, name: path))
        self.pool.submit { [weak self] in
          self?.serve(connection, descriptor, answer)
        }
      }
    }
  }

  /// Handed to the one thread that serves it.
  private struct Served: @unchecked Sendable {
    let connection: SocketConnection

    init(_ connection: SocketConnection) { self.connection = connection }
  }

  private func enter(_ descriptor: Int32) -> Bool {
    state.withLock { state in
      guard !state.isStopped else { return false }
      state.descriptors.insert(descriptor)
      return true
    }
  }

  /// Until the client closes the connection, sends something that is no message, or the server
  /// stops.
  private func serve(
    _ served: Served, _ descriptor: Int32, _ answer: ([UInt8]) -> [UInt8]
  ) {
    do {
      while let question = try served.connection.receive() {
        try served.connection.send(answer(question))
      }
    } catch {
      // The client asks again over another connection.
    }
    // Before the descriptor is closed, and somebody else gets its number.
    state.withLock { _ = $0.descriptors.remove(descriptor) }
  }

  /// Closes all connections and removes the socket. Returns when nobody is answered any more.
  public func stop() {
    let isFirst = state.withLock { state in
      defer { state.isStopped = true }
      for descriptor in state.descriptors { shutdown(descriptor, Int32(SHUT_RDWR)) }
      return !state.isStopped
    }
    guard isFirst else { return }
    shutdown(listener, Int32(SHUT_RDWR))
    pool.shutdown()
    close(listener)
    unlink(path)
  }
}
