import StorageBase

extension BoundPredicate {
  /// What the zone maps of some rows say.
  ///
  /// - Parameter bounds: the zone map of a column, by its position in the schema, or nil when there
  ///   is none. Called at most once per mention of a column, and not for those already decided.
  public func prune(
    _ bounds: (_ column: Int) throws -> ValueBounds?
  ) rethrows -> PruneVerdict {
    try verdict(of: root, bounds)
  }

  private func verdict(
    of node: Node, _ bounds: (Int) throws -> ValueBounds?
  ) rethrows -> PruneVerdict {
    switch node {
    case .constant(let value):
      return value ? .all : .none
    case .isNull(let column):
      guard let zone = try bounds(column) else { return .some }
      return zone.nullCount == 0 ? .none : zone.isAllNull ? .all : .some
    case .isNotNull(let column):
      guard let zone = try bounds(column) else { return .some }
      return zone.isAllNull ? .none : zone.nullCount == 0 ? .all : .some
    case .ranks(let column, let ranges):
      guard let zone = try bounds(column) else { return .some }
      return Self.verdict(of: ranges, type: types[column], zone)
    case .strings(let column, let test, _):
      guard let zone = try bounds(column) else { return .some }
      return Self.verdict(of: test, zone)
    case .words(let column, _, _):
      guard let zone = try bounds(column) else { return .some }
      return zone.isAllNull ? .none : .some
    case .and(let terms):
      var isAll = true
      for term in terms {
        let verdict = try verdict(of: term, bounds)
        if verdict == .none { return .none }
        isAll = isAll && verdict == .all
      }
      return isAll ? .all : .some
    case .or(let terms):
      var isNone = true
      for term in terms {
        let verdict = try verdict(of: term, bounds)
        if verdict == .all { return .all }
        isNone = isNone && verdict == .none
      }
      return isNone ? .none : .some
    }
  }

  private static func verdict(
    of ranges: RankRanges, type: DataType, _ zone: ValueBounds
  ) -> PruneVerdict {
    if zone.isAllNull { return .none }
    guard let lower = ValueRank.of(zone.lower, type: type) else { return .some }
    let upper =
      zone.upper.flatMap { ValueRank.of($0, type: type) } ?? ranges.domain.upperBound
    guard lower <= upper else { return .some }
    if !ranges.intersects(lower...upper) { return .none }
    return ranges.covers(lower...upper) && zone.nullCount == 0 ? .all : .some
  }

  private static func verdict(of test: StringTest, _ zone: ValueBounds) -> PruneVerdict {
    if zone.isAllNull { return .none }
    guard case .string(let lower) = zone.lower else { return .some }
    var upper: [UInt8]?
    if case .string(let text) = zone.upper { upper = Array(text.utf8) }
    let verdict = test.verdict(from: Array(lower.utf8), through: upper)
    return verdict == .all && zone.nullCount > 0 ? .some : verdict
  }
}
