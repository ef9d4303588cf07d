import StorageBase

/// How a segment is written.
public struct SegmentOptions: Hashable, Sendable {
  /// Rows of every page but the last: 1...`Limits.pageRowCountMax`. More rows compress better,
  /// fewer make pruning finer.
  public var rowsPerPage: Int
  public var compression: Compression
  /// Bloom filters over all rows of a segment; at most one of values and one of n-grams a column.
  public var filters: [ColumnFilter]
  /// Whether a segment of several pages gets an index of their first sort keys.
  public var hasShortKeyIndex: Bool

  public init(
    rowsPerPage: Int = 8192, compression: Compression = .lz4, filters: [ColumnFilter] = [],
    hasShortKeyIndex: Bool = true
  ) {
    self.rowsPerPage = rowsPerPage
    self.compression = compression
    self.filters = filters
    self.hasShortKeyIndex = hasShortKeyIndex
  }

  /// - Throws: `StorageError.invalidArgument` naming the option that is out of range.
  public func validate(for schema: Schema) throws {
    guard (1...Limits.pageRowCountMax).contains(rowsPerPage) else {
      throw StorageError.invalidArgument(
        name: "rows per page", value: "\(rowsPerPage)",
        reason: "it must be in 1...\(Limits.pageRowCountMax)")
    }
    if case .zstd(let level) = compression, !Compression.zstdLevels.contains(level) {
      throw StorageError.invalidArgument(
        name: "compression", value: "zstd:\(level)",
        reason: "the level must be in 1...\(Compression.zstdLevels.upperBound)")
    }
    var filtered: Set<[UInt32]> = []
    for filter in filters {
      try filter.validate(for: schema)
      // What kind of filter, and of which column.
      let isOfValues = filter.content == .values
      guard filtered.insert([filter.column.rawValue, isOfValues ? 1 : 0]).inserted else {
        throw StorageError.invalidArgument(
          name: "filter column", value: "\(filter.column.rawValue)",
          reason: "a column has at most one filter of values and one of n-grams")
      }
    }
    // The short keys and the indexes of columns need room as well.
    let limit = SegmentLayout.extensionCountMax / 2
    guard filters.count < limit else {
      throw StorageError.limitExceeded(
        what: "filters of one segment", value: filters.count, limit: limit - 1,
        remedy: "filter fewer columns")
    }
  }
}
