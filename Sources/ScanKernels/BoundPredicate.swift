import StorageBase

/// A predicate whose names and constants have been fitted to a schema. Immutable and thread-safe.
///
/// NOT has been pushed to the comparisons (De Morgan's laws hold in three-valued logic), where it
/// swaps what is accepted for what is not and leaves nulls refused. AND and OR are monotone, so
/// what is left needs only "true or not": unknown never has to be told from false.
public struct BoundPredicate: Sendable {
  indirect enum Node: Hashable, Sendable {
    case constant(Bool)
    /// `test` numbers the string tests, so that evaluators can keep what they learn of each.
    case strings(column: Int, StringTest, test: Int)
    case ranks(column: Int, RankRanges)
    case isNull(column: Int)
    case isNotNull(column: Int)
    case and([Node])
    case or([Node])
  }

  let root: Node
  let types: [DataType]
  /// The positions in the schema of the columns it looks at, ascending.
  public let columns: [Int]
  /// How many string tests it holds.
  let stringTestCount: Int

  init(root: Node, types: [DataType], stringTestCount: Int) {
    self.root = root
    self.types = types
    self.stringTestCount = stringTestCount
    columns = Self.columns(of: root).sorted()
  }

  private static func columns(of node: Node) -> Set<Int> {
    switch node {
    case .constant: []
    case .ranks(let column, _), .strings(let column, _, _), .isNull(let column),
      .isNotNull(let column):
      [column]
    case .and(let terms), .or(let terms):
      terms.reduce(into: Set()) { $0.formUnion(columns(of: $1)) }
    }
  }

  /// Whether it is false or true for every row of any data; nil when that depends on the rows.
  public var constant: Bool? {
    if case .constant(let value) = root { return value }
    return nil
  }
}

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
    case .isNotNull: return nil
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
