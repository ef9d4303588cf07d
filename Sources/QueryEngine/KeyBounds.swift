import ScanKernels
import StorageBase

/// Which sort keys rows can have that a filter selects: from `low` through all that begin with
/// `high`. Empty means no bound.
struct KeyBounds {
  private(set) var low: [Value] = []
  private(set) var high: [Value] = []

  var isUnbounded: Bool { low.isEmpty && high.isEmpty }

  /// Leading key columns that are held to one value, then one that is held to a range.
  /// - Parameters:
  ///   - filter: its columns are positions in a schema.
  ///   - keyColumns: the positions there of the columns of the sort key.
  init(_ filter: BoundPredicate, keyColumns: [Int]) {
    let conjuncts = filter.conjuncts
    for column in keyColumns {
      guard let hull = Self.hull(of: column, conjuncts) else { return }
      if let lower = hull.lower { low.append(lower.value) }
      if let upper = hull.upper { high.append(upper.value) }
      if hull.point == nil { return }
    }
  }

  /// The span that all selected values of a column lie in; nil when the filter says nothing.
  private static func hull(of column: Int, _ conjuncts: [BoundPredicate]) -> ValueSpan? {
    for conjunct in conjuncts {
      guard case .spans(column, let spans, isNegated: false) = conjunct.form,
        let first = spans.first, let last = spans.last,
        first.lower != nil || last.upper != nil
      else { continue }
      return ValueSpan(lower: first.lower, upper: last.upper)
    }
    return nil
  }
}
