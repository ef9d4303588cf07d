import StorageBase

/// Where a literal falls among the ranks of a column's type: on `floor`, or (when not exact)
/// strictly between `floor` and the next rank. A literal outside the domain is one step below it,
/// or on its last rank and not exact, so that comparisons with it become always false or true.
struct RankPosition {
  let floor: Int128
  let isExact: Bool

  private init(_ floor: Int128, isExact: Bool, in domain: ClosedRange<Int128>) {
    if floor < domain.lowerBound {
      self.floor = domain.lowerBound - 1
      self.isExact = false
    } else if floor > domain.upperBound {
      self.floor = domain.upperBound
      self.isExact = false
    } else {
      self.floor = floor
      self.isExact = isExact
    }
  }

  /// Returns nil when a literal of this kind does not compare with the type.
  /// - Precondition: the literal is not null and the type is not string.
  init?(_ literal: Literal, type: DataType) {
    guard let domain = ValueRank.domain(of: type) else { return nil }
    switch type {
    case .float, .double: self.init(literal, floatingType: type, in: domain)
    case .date, .datetime: self.init(literal, calendarType: type, in: domain)
    case .decimal(_, let scale): self.init(literal, type: type, scale: scale, in: domain)
    default: self.init(literal, type: type, scale: 0, in: domain)
    }
  }

  private init?(_ literal: Literal, floatingType type: DataType, in domain: ClosedRange<Int128>) {
    let number: Double
    switch literal {
    case .integer(let integer): number = Double(integer)
    case .floating(let floating), .stored(.floating(let floating)): number = floating
    case .decimal(let unscaled, let scale):
      guard let nearest = Double(formatDecimal(unscaled, scale: scale)) else { return nil }
      number = nearest
    default: return nil
    }
    guard type == .float else {
      self.init(Int128(ValueRank.of(number)), isExact: true, in: domain)
      return
    }
    // Rounded to the column's precision, except that a finite number never becomes infinite: it
    // falls between the largest finite float and infinity.
    let rounded = Float(number)
    let isBeyond = rounded.isInfinite && number.isFinite
    let rank = Int128(ValueRank.of(rounded)) - (isBeyond && number > 0 ? 1 : 0)
    self.init(rank, isExact: !isBeyond, in: domain)
  }

  private init?(_ literal: Literal, calendarType type: DataType, in domain: ClosedRange<Int128>) {
    switch literal {
    case .stored(.integer(let integer)): self.init(integer, isExact: true, in: domain)
    case .string(let text):
      guard let moment = ValueText.datetime(of: text) else { return nil }
      guard type == .date else {
        self.init(Int128(moment), isExact: true, in: domain)
        return
      }
      let day = moment.flooredDivision(by: ValueText.microsecondsPerDay)
      let isMidnight = day * ValueText.microsecondsPerDay == moment
      self.init(Int128(day), isExact: isMidnight, in: domain)
    default: return nil
    }
  }

  private init?(_ literal: Literal, type: DataType, scale: Int, in domain: ClosedRange<Int128>) {
    switch literal {
    case .stored(.integer(let integer)): self.init(integer, isExact: true, in: domain)
    case .boolean(let flag) where type == .bool:
      self.init(flag ? 1 : 0, isExact: true, in: domain)
    case .integer(let integer):
      self.init(ScaledNumber(digits: integer, exponent: 0), scale: scale, in: domain)
    case .decimal(let unscaled, let ownScale):
      self.init(ScaledNumber(digits: unscaled, exponent: -ownScale), scale: scale, in: domain)
    case .floating(let number):
      if number.isFinite {
        guard let shortest = ScaledNumber(shortestOf: number) else { return nil }
        self.init(shortest, scale: scale, in: domain)
      } else {
        let isAbove = number.isNaN || number > 0
        let floor = isAbove ? domain.upperBound : domain.lowerBound - 1
        self.init(floor, isExact: false, in: domain)
      }
    default: return nil
    }
  }

  private init(_ number: ScaledNumber, scale: Int, in domain: ClosedRange<Int128>) {
    let (floor, isExact) = number.floor(scale: scale)
    self.init(floor, isExact: isExact, in: domain)
  }

  /// The ranks for which `rank comparison literal` holds.
  func ranges(_ comparison: Comparison, in domain: ClosedRange<Int128>) -> RankRanges {
    let isBelow = floor < domain.lowerBound
    let lastBelow = isExact ? floor - 1 : floor
    func upTo(_ last: Int128) -> RankRanges {
      let ranges = last < domain.lowerBound ? [] : [domain.lowerBound...last]
      return RankRanges(ranges, domain: domain)
    }
    switch comparison {
    case .equal: return RankRanges(isExact && !isBelow ? [floor...floor] : [], domain: domain)
    case .notEqual: return ranges(.equal, in: domain).complement
    case .less: return upTo(lastBelow)
    case .lessOrEqual: return upTo(floor)
    case .greater: return upTo(floor).complement
    case .greaterOrEqual: return upTo(lastBelow).complement
    }
  }
}
