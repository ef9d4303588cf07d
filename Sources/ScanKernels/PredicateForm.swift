import StorageBase

/// Some consecutive values of a column, in sort order. Nulls are in none.
public struct ValueSpan: Hashable, Sendable {
  public struct Bound: Hashable, Sendable {
    public let value: Value
    public let isInclusive: Bool
  }

  /// Nil for no bound.
  public let lower: Bound?
  public let upper: Bound?

  public init(lower: Bound?, upper: Bound?) {
    self.lower = lower
    self.upper = upper
  }

  /// The only value there is in it, if that is plain to see.
  public var point: Value? {
    guard let lower, let upper, lower.isInclusive, upper.isInclusive,
      !lower.value.precedes(upper.value), !upper.value.precedes(lower.value)
    else { return nil }
    return lower.value
  }
}

/// What a bound predicate is, for whoever looks for a way around evaluating it. Columns are
/// positions in the schema.
public enum PredicateForm {
  case constant(Bool)
  case isNull(Int)
  case isNotNull(Int)
  /// The value of the column is in one of some ascending spans; if negated it is in none, and not
  /// null.
  case spans(Int, [ValueSpan], isNegated: Bool)
  /// The string has each of some texts in it; that need not be all that is asked.
  case substrings(Int, [String])
  case words(Int, WordMatch, String, isNegated: Bool)
  case and([BoundPredicate])
  case or([BoundPredicate])
  /// None of the above.
  case other
}

extension BoundPredicate {
  public var form: PredicateForm {
    switch root {
    case .constant(let value): .constant(value)
    case .isNull(let column): .isNull(column)
    case .isNotNull(let column): .isNotNull(column)
    case .ranks(let column, let ranges):
      .spans(column, Self.spans(ranges, type: types[column]), isNegated: false)
    case .strings(let column, let test, _): Self.form(of: test, column)
    case .words(let column, let test, _):
      .words(column, test.match, test.text, isNegated: test.isNegated)
    case .and(let terms): .and(terms.map(part))
    case .or(let terms): .or(terms.map(part))
    }
  }

  /// What has to be true together for the predicate to be true: itself, if it is no AND.
  public var conjuncts: [BoundPredicate] {
    if case .and(let terms) = root { return terms.map(part) }
    return [self]
  }

  /// True where all of these, which are conjuncts of the predicate, are; nil if there are none.
  public func keeping(_ conjuncts: [BoundPredicate]) -> BoundPredicate? {
    guard let first = conjuncts.first else { return nil }
    return conjuncts.count == 1 ? first : part(.and(conjuncts.map(\.root)))
  }

  private func part(_ node: Node) -> BoundPredicate {
    BoundPredicate(root: node, types: types, stringTestCount: stringTestCount)
  }

  private static func spans(_ ranges: RankRanges, type: DataType) -> [ValueSpan] {
    func bound(_ rank: Int128) -> ValueSpan.Bound {
      ValueSpan.Bound(value: ValueRank.value(rank, type: type), isInclusive: true)
    }
    return ranges.ranges.map { range in
      ValueSpan(
        lower: range.lowerBound == ranges.domain.lowerBound ? nil : bound(range.lowerBound),
        upper: range.upperBound == ranges.domain.upperBound ? nil : bound(range.upperBound))
    }
  }

  private static func form(of test: StringTest, _ column: Int) -> PredicateForm {
    switch test.shape {
    case .like(let pattern):
      return test.isNegated
        ? .other : .substrings(column, pattern.literals.map { String(decoding: $0, as: UTF8.self) })
    case .members(let members):
      let spans = members.map { bytes in
        let bound = ValueSpan.Bound(
          value: .string(String(decoding: bytes, as: UTF8.self)), isInclusive: true)
        return ValueSpan(lower: bound, upper: bound)
      }
      return .spans(column, spans, isNegated: test.isNegated)
    case .range(let lower, let upper):
      // The end of a prefix need not be UTF-8, and then it is no value.
      let bounds = [lower, upper].map { bound in bound.map(Self.bound) }
      guard bounds.allSatisfy({ $0 != .some(nil) }) else { return .other }
      let span = ValueSpan(lower: bounds[0] ?? nil, upper: bounds[1] ?? nil)
      return .spans(column, [span], isNegated: test.isNegated)
    }
  }

  private static func bound(_ bound: StringTest.Bound) -> ValueSpan.Bound? {
    String(validating: bound.bytes, as: UTF8.self).map {
      ValueSpan.Bound(value: .string($0), isInclusive: bound.isInclusive)
    }
  }
}
