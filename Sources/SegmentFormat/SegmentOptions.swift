import StorageBase

/// How a segment is written.
public struct SegmentOptions: Hashable, Sendable {
  /// Rows of every page but the last: 1...`Limits.pageRowCountMax`. More rows compress better,
  /// fewer make pruning finer.
  public var rowsPerPage: Int
  public var compression: Compression

  public init(rowsPerPage: Int = 8192, compression: Compression = .lz4) {
    self.rowsPerPage = rowsPerPage
    self.compression = compression
  }

  /// - Throws: `StorageError.invalidArgument` naming the option that is out of range.
  func validate() throws {
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
  }
}
