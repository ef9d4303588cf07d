import InvertedIndex
import SegmentFormat
import StorageBase

/// What a column of a table is to have so that queries need not look at all of its rows.
public struct ColumnPruning: Hashable, Sendable {
  /// The inverted index; nil for none.
  public var index: IndexOptions?
  /// The Bloom filter of the values: the share of absent values that it lets through.
  public var bloomFilterRate: Double?
  /// The Bloom filter of the n-grams of a text.
  public var ngramFilter: NgramFilter?

  public struct NgramFilter: Hashable, Sendable {
    /// Bytes of an n-gram, 2...8.
    public var size: Int
    public var falsePositiveRate: Double

    public init(size: Int, falsePositiveRate: Double = ColumnPruning.defaultRate) {
      self.size = size
      self.falsePositiveRate = falsePositiveRate
    }
  }

  public static let defaultRate = 0.01

  public init(
    index: IndexOptions? = nil, bloomFilterRate: Double? = nil, ngramFilter: NgramFilter? = nil
  ) {
    self.index = index
    self.bloomFilterRate = bloomFilterRate
    self.ngramFilter = ngramFilter
  }

  /// The filters as a segment takes them.
  public func filters(of column: ColumnID) -> [ColumnFilter] {
    var filters: [ColumnFilter] = []
    if let rate = bloomFilterRate {
      filters.append(ColumnFilter(column: column, falsePositiveRate: rate))
    }
    if let grams = ngramFilter {
      filters.append(
        ColumnFilter(
          column: column, content: .ngrams(size: grams.size),
          falsePositiveRate: grams.falsePositiveRate))
    }
    return filters
  }
}
