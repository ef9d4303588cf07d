import StorageBase

/// A change that a partition waits at.
struct AskedChange: Sendable {
  let event: SchemaEvent
  /// Behind it.
  let next: SourcePosition
}

/// What became of a change.
enum SchemaAnswer: Sendable {
  /// The partition goes on behind it with the columns as they are now.
  case accepted
  /// The partition goes on without it, for the reason given.
  case refused(String)
}
