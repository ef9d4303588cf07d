/// Counted work of reading pages: exact and repeatable.
public struct PageWork: Hashable, Sendable {
  public var pages = 0
  /// As they lie in the file.
  public var bytesStored = 0
  /// Of the payloads after decompression.
  public var bytesDecoded = 0
  public var rows = 0

  public init() {}

  public mutating func add(_ other: PageWork) {
    pages += other.pages
    bytesStored += other.bytesStored
    bytesDecoded += other.bytesDecoded
    rows += other.rows
  }
}
