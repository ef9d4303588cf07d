import ScanKernels

/// Adds columns of a dimension to the rows of a stream, by key.
public struct LookupJoin: Hashable, Sendable {
  /// A column of the stream and one of the dimension.
  public struct Pair: Hashable, Sendable {
    public var stream: String
    public var dimension: String

    public init(stream: String, dimension: String) {
      self.stream = stream
      self.dimension = dimension
    }
  }

  /// What becomes of a row whose key is null, or has no row in the dimension.
  public enum Miss: Hashable, Sendable {
    /// The columns are null.
    case null
    /// The columns have these values, by their names in the stream; null for one that is not named.
    case values([String: Literal])
    case drop
    case divert
    /// The stream ends with an error.
    case fail
  }

  /// The name of the dimension in `TransformResources`.
  public var dimension: String
  /// What is equal; names the columns of the dimension's key, each once.
  public var keys: [Pair]
  /// What is added, under the name it has in the stream.
  public var columns: [Pair]
  /// Rows of the dimension that are kept; all of them go when there are more. 0 to keep none
  /// beyond a batch.
  public var cacheRowsMax: Int
  /// Bytes that kept rows may have, roughly.
  public var cacheBytesMax: Int
  /// Microseconds for which a kept row, or that there is none, is believed; nil for as long as it
  /// is kept.
  public var timeToLive: Int64?
  public var miss: Miss

  public static let defaultCacheRows = 1 << 20
  public static let defaultCacheBytes = 64 << 20

  public init(
    _ dimension: String, on keys: [Pair], adding columns: [Pair],
    cacheRowsMax: Int = LookupJoin.defaultCacheRows,
    cacheBytesMax: Int = LookupJoin.defaultCacheBytes, timeToLive: Int64? = nil, miss: Miss = .null
  ) {
    self.dimension = dimension
    self.keys = keys
    self.columns = columns
    self.cacheRowsMax = cacheRowsMax
    self.cacheBytesMax = cacheBytesMax
    self.timeToLive = timeToLive
    self.miss = miss
  }
}
