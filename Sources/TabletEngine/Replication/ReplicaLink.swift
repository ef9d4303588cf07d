/// The way to another replica: bytes of a request there, bytes of its answer back. Whatever goes
/// wrong on the way shows as an error or as bytes that are refused. Thread-safe.
public protocol ReplicaLink: Sendable {
  /// - Throws: when there is no answer in time. The other side may have got the request.
  func exchange(_ request: [UInt8]) throws -> [UInt8]
}

/// The way to a replica in the same process. It does not keep the replica.
public struct DirectLink: ReplicaLink {
  private struct Reference: @unchecked Sendable {
    // Written once, before anybody else sees it; reading a weak reference is thread-safe.
    weak var replica: StoreReplica?
  }

  private let reference: Reference

  public init(to replica: StoreReplica) { reference = Reference(replica: replica) }

  public func exchange(_ request: [UInt8]) throws -> [UInt8] {
    guard let replica = reference.replica else { throw LinkFailure("the replica is closed") }
    return replica.answer(request)
  }
}

/// There was no answer.
public struct LinkFailure: Error, Hashable, Sendable, CustomStringConvertible {
  public let description: String

  public init(_ description: String) { self.description = description }
}
