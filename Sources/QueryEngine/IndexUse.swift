import InvertedIndex

/// Whether a query may ask what segments have besides their columns: short keys, Bloom filters,
/// inverted indexes. The answer is the same either way. Thread-safe.
public struct IndexUse: Sendable {
  enum Mode {
    case never
    case whereCheaper
    case wherePossible
  }

  let mode: Mode
  /// Keeps opened inverted indexes and their answers; nil opens them anew for each query.
  let cache: IndexCache?

  /// Columns and zone maps only.
  public static let never = IndexUse(mode: .never, cache: nil)

  /// Inverted indexes only where that is estimated to cost less than looking at the rows.
  public static func whereCheaper(cache: IndexCache? = nil) -> IndexUse {
    IndexUse(mode: .whereCheaper, cache: cache)
  }

  /// Inverted indexes wherever they can answer, for tests and measurements.
  public static func wherePossible(cache: IndexCache? = nil) -> IndexUse {
    IndexUse(mode: .wherePossible, cache: cache)
  }
}
