import StorageBase

extension BoundPredicate {
  /// The values that a column has in every row that can be selected, sorted; nil when it is not
  /// held to a list of at most 1024. Empty when no row can be selected.
  ///
  /// For finding the buckets a query needs: a table hashed by this column can skip the others.
  public func equalityValues(ofColumn column: Int) -> [Value]? {
    equalityValues(of: root, column)?.sorted { $0.precedes($1) }
  }

  private func equalityValues(of node: Node, _ wanted: Int) -> Set<Value>? {
    switch node {
    case .constant(let value): return value ? nil : []
    case .isNull(let column): return column == wanted ? [.null] : nil
    case .isNotNull, .words: return nil
    case .ranks(let column, let ranges):
      guard column == wanted else { return nil }
      return ranges.members(atMost: 1024).map { members in
        Set(members.map { ValueRank.value($0, type: types[column]) })
      }
    case .strings(let column, let test, _):
      guard column == wanted, !test.isNegated, case .members(let members) = test.shape,
        members.count <= 1024
      else { return nil }
      return Set(members.map { .string(String(decoding: $0, as: UTF8.self)) })
    case .and(let terms):
      var common: Set<Value>?
      for term in terms {
        guard let values = equalityValues(of: term, wanted) else { continue }
        common = common?.intersection(values) ?? values
      }
      return common
    case .or(let terms):
      var union: Set<Value> = []
      for term in terms {
        guard let values = equalityValues(of: term, wanted) else { return nil }
        union.formUnion(values)
      }
      return union
    }
  }
}
