import StorageBase

/// What is known of an operation before it begins.
public struct AdmissionRequest: Hashable, Sendable {
  /// The position of its workload group.
  public var group: Int
  /// Estimated work, in the same unit for all groups: what has been done is put right when it ends.
  public var cost: Double
  /// Bytes it is sure to need; it does not begin before they are there.
  public var byteCount: Int
  /// When its client wants to have an answer; nil for no time-out of its own.
  public var deadline: Timestamp?

  public init(group: Int, cost: Double = 1, byteCount: Int = 0, deadline: Timestamp? = nil) {
    self.group = group
    self.cost = cost
    self.byteCount = byteCount
    self.deadline = deadline
  }
}

/// Names an operation from `submit` to `finish`.
public struct OperationID: RawRepresentable, Hashable, Comparable, Sendable {
  public let rawValue: UInt64
  public init(rawValue: UInt64) { self.rawValue = rawValue }
  public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// An operation whose turn it is. To be given back to `AdmissionQueue.finish`.
public struct AdmittedOperation<Work> {
  public let id: OperationID
  public let work: Work
  public let request: AdmissionRequest
  public let queuedAt: Timestamp
  /// What it holds; a part of what its group holds.
  public let memory: MemoryTracker
}

/// An operation that was waiting and will not run.
public struct RefusedOperation<Work> {
  public let id: OperationID
  public let work: Work
  public let queuedAt: Timestamp
  public let reason: AdmissionRefusal
}
