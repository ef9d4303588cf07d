/// Names one of the stores that hold the same tables.
public struct ReplicaID: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
  public let rawValue: UInt64

  public init(rawValue: UInt64) { self.rawValue = rawValue }

  public static func < (a: ReplicaID, b: ReplicaID) -> Bool { a.rawValue < b.rawValue }

  public var description: String { "\(rawValue)" }
}
