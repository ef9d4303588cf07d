/// What a writer or a merger wrote.
public struct IndexSummary: Hashable, Sendable {
  public var rowCount: Int
  public var nullCount: Int
  /// Rows whose term is longer than `IndexOptions.ignoreAbove`, which are not in the index.
  public var ignoredCount: Int
  public var termCount: Int
  /// The number of rows of each term, added up.
  public var documentSum: Int
  /// Bytes of the index.
  public var byteCount: Int
  /// Bytes of rows and positions, without the few that lie in the dictionary.
  public var postingsByteCount: Int
  /// Bytes of the dictionary's blocks.
  public var dictionaryByteCount: Int
}
