import StorageBase

/// When a load of a table is on disk, seen from its acknowledgement. It is about loads of one
/// phase; what is pre-committed, merged or created is always on disk first.
///
/// Whatever the choice, a load survives the end of the process, and it is never there in part: a
/// power failure takes the last loads, whole and in the order they came.
public enum Durability: Hashable, Sendable {
  /// On disk before it is acknowledged; concurrent loads share the sync.
  case sync
  /// Acknowledged before, and on disk within so many milliseconds (1...60 000).
  case group(milliseconds: Int)
  /// On disk when something else of the store is synced, or the system writes it.
  case none

  /// The range of `group`.
  public static let millisecondsRange = 1...60_000

  /// - Throws: `StorageError.invalidArgument` when a number is out of its range.
  func validate(table: String) throws {
    guard case .group(let milliseconds) = self,
      !Self.millisecondsRange.contains(milliseconds)
    else { return }
    throw StorageError.invalidArgument(
      name: "durability of table \(table)", value: "\(self)",
      reason: "group takes \(Self.millisecondsRange.lowerBound) to "
        + "\(Self.millisecondsRange.upperBound) ms")
  }
}

extension Durability: LosslessStringConvertible {
  public var description: String {
    switch self {
    case .sync: "sync"
    case .group(let milliseconds): "group:\(milliseconds)"
    case .none: "none"
    }
  }

  /// - Parameter description: `sync`, `none`, or `group:20` for 20 ms.
  public init?(_ description: String) {
    switch description {
    case "sync": self = .sync
    case "none": self = .none
    default:
      let prefix = "group:"
      guard description.hasPrefix(prefix), let number = Int(description.dropFirst(prefix.count)),
        Self.millisecondsRange.contains(number)
      else { return nil }
      self = .group(milliseconds: number)
    }
  }
}

/// What an acknowledgement promises about a power failure.
public enum DurabilityPromise: Hashable, Sendable, CustomStringConvertible {
  /// It is on disk.
  case onDisk
  /// It is handed to the system and will be on disk within so many milliseconds.
  case within(milliseconds: Int)
  /// It is handed to the system, which writes when it likes.
  case handedToSystem

  public var description: String {
    switch self {
    case .onDisk: "on disk"
    case .within(let milliseconds): "on disk within \(milliseconds) ms"
    case .handedToSystem: "handed to the system"
    }
  }
}
