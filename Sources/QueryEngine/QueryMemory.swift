import ScanKernels

/// Whom a query asks before it holds more memory: for groups, distinct values and rows of a result,
/// which grow with the data. Pages that are read one after the other are not counted. Thread-safe.
///
/// What a query was given is given back by whoever has given it, when the query has ended.
public struct QueryMemory: Sendable {
  /// Takes so many bytes more; throws what ends the query instead.
  let consume: @Sendable (Int) throws -> Void

  public init(consume: @escaping @Sendable (_ byteCount: Int) throws -> Void) {
    self.consume = consume
  }

  /// Nobody counts.
  public static let unlimited = QueryMemory { _ in }

  /// Bytes below which it is not worth asking.
  private static let step = 64 << 10

  /// What one part of a query holds. Not thread-safe.
  struct Account {
    private let memory: QueryMemory
    private var asked = 0

    init(_ memory: QueryMemory) { self.memory = memory }

    /// The part holds so much now.
    mutating func grow(to byteCount: Int) throws {
      guard byteCount > asked + QueryMemory.step else { return }
      try memory.consume(byteCount - asked)
      asked = byteCount
    }
  }
}
