import StorageIO

/// The way to a replica in another process on the machine.
public struct SocketLink: ReplicaLink {
  private let client: SocketClient

  /// - Parameters:
  ///   - path: where a `SocketServer` answers with what `StoreReplica.answer` gives.
  ///   - seconds: how long an answer may take.
  public init(path: String, seconds: Double = 5) {
    client = SocketClient(path: path, seconds: seconds)
  }

  public func exchange(_ request: [UInt8]) throws -> [UInt8] { try client.exchange(request) }
}
