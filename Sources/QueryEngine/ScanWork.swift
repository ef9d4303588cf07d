/// What a query did, counted where it happened: exact and the same on every run.
public struct ScanWork: Hashable, Sendable {
  /// Keys whose rows were looked up instead of scanning, and how many had one.
  public var keysLookedUp = 0
  public var rowsLookedUp = 0
  public var segments = 0
  /// Segments that zone maps showed to hold no row for the query.
  public var segmentsPruned = 0
  /// Pages (of rows, not of single columns) of all segments.
  public var pages = 0
  /// Pages that zone maps ruled out, those of pruned segments included.
  public var pagesPruned = 0
  /// Pages that short keys ruled out.
  public var pagesPrunedByKeys = 0
  /// Pages that Bloom filters of values or n-grams ruled out, of those that short keys left.
  public var pagesPrunedByFilters = 0
  /// Pages, of those left by then, in which an inverted index found no row.
  public var pagesPrunedByIndex = 0
  /// Questions to inverted indexes, answered from a cache or not.
  public var indexLookups = 0
  /// Bytes of inverted indexes read; what a cache knows is not read again.
  public var indexBytesRead = 0
  /// Rows that inverted indexes selected, before the rest of the filter was evaluated.
  public var rowsSelectedByIndex = 0
  /// Pages whose filter columns were read and selected no row, so nothing else was read.
  public var pagesEmpty = 0
  /// Pages whose figures were told by zone maps, so that nothing of them was read.
  public var pagesKnown = 0
  /// Pages of single columns that were decoded.
  public var columnPagesRead = 0
  /// Bytes of those pages as stored, and after decoding.
  public var bytesStored = 0
  public var bytesDecoded = 0
  /// Rows of the pages that were looked at, if only at their zone maps.
  public var rowsScanned = 0
  public var rowsSelected = 0

  public init() {}

  public static func += (total: inout ScanWork, part: ScanWork) {
    total.keysLookedUp += part.keysLookedUp
    total.rowsLookedUp += part.rowsLookedUp
    total.segments += part.segments
    total.segmentsPruned += part.segmentsPruned
    total.pages += part.pages
    total.pagesPruned += part.pagesPruned
    total.pagesPrunedByKeys += part.pagesPrunedByKeys
    total.pagesPrunedByFilters += part.pagesPrunedByFilters
    total.pagesPrunedByIndex += part.pagesPrunedByIndex
    total.indexLookups += part.indexLookups
    total.indexBytesRead += part.indexBytesRead
    total.rowsSelectedByIndex += part.rowsSelectedByIndex
    total.pagesEmpty += part.pagesEmpty
    total.pagesKnown += part.pagesKnown
    total.columnPagesRead += part.columnPagesRead
    total.bytesStored += part.bytesStored
    total.bytesDecoded += part.bytesDecoded
    total.rowsScanned += part.rowsScanned
    total.rowsSelected += part.rowsSelected
  }
}
