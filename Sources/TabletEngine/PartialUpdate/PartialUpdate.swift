/// Partial updates: rows that give some columns of a unique-key table, and take the others from the
/// newest row of their key at the moment they become visible (Apache Doris, partial column update
/// of merge-on-write tables).
public enum PartialUpdate {
  /// What becomes of keys that the table has no row of.
  public enum NewKeys: String, Hashable, Sendable, CaseIterable {
    /// Columns that are not given have their default, or null.
    case insertDefaults = "insert-defaults"
    /// The load is refused.
    case refuse
  }

  /// How rows that are there get their new values. What readers see is the same.
  public enum Strategy: String, Hashable, Sendable, CaseIterable {
    /// The load writes whole rows: the other columns are read and written again (Apache Doris).
    /// Costs as many columns as the table has, once; readers have nothing to do with it.
    case rewrite
    /// The load writes the keys and the given columns only. Readers put the values into their
    /// places, until a compaction writes them into the rows. Costs as many columns as are given.
    case delta
  }
}
