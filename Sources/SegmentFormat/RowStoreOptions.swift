import StorageBase

/// How the row store of a segment is written.
public struct RowStoreOptions: Hashable, Sendable {
  /// The columns it has, in any order; nil for all. Rows have them in the order of the schema.
  public var columns: [ColumnID]?
  /// `none` lets a row be read where it lies in a mapping; others save room and cost a page to
  /// decompress for a row.
  public var compression: Compression
  /// Bytes of the rows of a page, before compression, unless a single row is longer: what is read
  /// for a row without a mapping. 256...65 535.
  public var pageByteCount: Int

  public static let pageByteCounts = 256...65_535

  public init(
    columns: [ColumnID]? = nil, compression: Compression = .none, pageByteCount: Int = 16 << 10
  ) {
    self.columns = columns
    self.compression = compression
    self.pageByteCount = pageByteCount
  }

  /// - Throws: `StorageError.invalidArgument` naming what is out of range.
  public func validate(for schema: Schema) throws { _ = try positions(in: schema) }

  /// Where the columns are in a schema, ascending.
  func positions(in schema: Schema) throws -> [Int] {
    guard Self.pageByteCounts.contains(pageByteCount) else {
      throw StorageError.invalidArgument(
        name: "row store page bytes", value: "\(pageByteCount)",
        reason: "it must be in 256...65535")
    }
    if case .zstd(let level) = compression, !Compression.zstdLevels.contains(level) {
      throw StorageError.invalidArgument(
        name: "row store compression", value: "zstd:\(level)",
        reason: "the level must be in 1...\(Compression.zstdLevels.upperBound)")
    }
    guard let columns else { return Array(schema.columns.indices) }
    let wanted = Set(columns)
    let positions = schema.columns.indices.filter { wanted.contains(schema.columns[$0].id) }
    guard !positions.isEmpty, positions.count == columns.count else {
      throw StorageError.invalidArgument(
        name: "row store columns", value: "\(columns.map(\.rawValue))",
        reason: "it must be different columns of the table, at least one")
    }
    return positions
  }
}
