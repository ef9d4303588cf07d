import StorageBase

/// A Bloom filter that a segment is to have for one column.
public struct ColumnFilter: Hashable, Sendable {
  public enum Content: Hashable, Sendable {
    /// The values, for equality and IN.
    case values
    /// All runs of `size` bytes (2...8) of the strings, for LIKE '%text%'.
    case ngrams(size: Int)
  }

  public var column: ColumnID
  public var content: Content
  /// The share of absent values that the filter lets through, above 0 and at most 0.5.
  public var falsePositiveRate: Double

  public init(column: ColumnID, content: Content = .values, falsePositiveRate: Double = 0.01) {
    self.column = column
    self.content = content
    self.falsePositiveRate = falsePositiveRate
  }

  static let gramSizes = 2...8

  /// - Throws: `StorageError.invalidArgument` naming what is out of range.
  func validate(for schema: Schema) throws {
    guard let index = schema.index(of: column) else {
      throw StorageError.invalidArgument(
        name: "filter column", value: "\(column.rawValue)", reason: "there is no such column")
    }
    guard falsePositiveRate > 0, falsePositiveRate <= 0.5 else {
      throw StorageError.invalidArgument(
        name: "false-positive rate", value: "\(falsePositiveRate)",
        reason: "it must be above 0 and at most 0.5")
    }
    guard case .ngrams(let size) = content else { return }
    guard schema.columns[index].type == .string, Self.gramSizes.contains(size) else {
      throw StorageError.invalidArgument(
        name: "n-gram filter", value: "\(size)",
        reason: "it takes a string column and a size of 2...8")
    }
  }
}
