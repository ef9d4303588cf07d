/// What a query cost, counted exactly.
public struct IndexWork: Hashable, Sendable {
  /// Dictionary blocks read and checked.
  public var dictionaryBlocks = 0
  /// Terms whose rows were taken, inline ones too.
  public var postings = 0
  /// Terms whose positions were taken.
  public var positions = 0
  /// Bytes of the index read: blocks, stored postings, null rows.
  public var bytes = 0

  public init() {}

  public static func + (a: IndexWork, b: IndexWork) -> IndexWork {
    var sum = a
    sum.dictionaryBlocks += b.dictionaryBlocks
    sum.postings += b.postings
    sum.positions += b.positions
    sum.bytes += b.bytes
    return sum
  }
}
