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
}
