import ScanKernels
import StorageBase

/// A row expression fitted to the columns of a stream. Immutable and thread-safe.
struct BoundRowExpression: Sendable {
  /// How two numbers are brought together.
  enum Arithmetic: Hashable, Sendable {
    /// Unscaled in 64 bits, the sides multiplied by these first.
    case narrow(Int64, Int64)
    /// In 128 bits.
    case wide(Int128, Int128)
    case floating
  }

  indirect enum Node: Sendable {
    case column(Int)
    case constant(Value)
    /// NULL without a type, which fits every one.
    case null
    case arithmetic(RowExpression.Operator, BoundRowExpression, BoundRowExpression, Arithmetic)
    case negate(BoundRowExpression)
    case compare(Comparison, BoundRowExpression, BoundRowExpression)
    /// A condition on one value, which has the name of `testedName`; unknown where it is null.
    case test(BoundRowExpression, BoundPredicate)
    case and([BoundRowExpression])
    case or([BoundRowExpression])
    case not(BoundRowExpression)
    case isNull(BoundRowExpression)
    case cast(BoundRowExpression, ColumnCast)
    /// Texts one after another.
    case concat([BoundRowExpression])
    case coalesce([BoundRowExpression])
    case choose(BoundRowExpression, BoundRowExpression, BoundRowExpression)
    /// Null where the two are equal.
    case nullIf(BoundRowExpression, equal: BoundRowExpression)
    case text(TextFunction, BoundRowExpression)
    case time(TimeFunction, BoundRowExpression)
    case absolute(BoundRowExpression)
    case hash([BoundRowExpression])
    case now
  }

  enum TextFunction: Hashable, Sendable {
    case lower, upper, trim, length
    /// From 1; nil for all that follows.
    case substring(start: Int, length: Int?)
  }

  enum TimeFunction: Hashable, Sendable {
    case truncate(TimeUnit)
    case part(RowExpression.Function)
  }

  let node: Node
  let type: DataType
  var isUntypedNull: Bool {
    if case .null = node { return true }
    return false
  }

  static let testedName = "value"

  init(_ node: Node, _ type: DataType) {
    self.node = node
    self.type = type
  }

  /// The columns it reads.
  func forEachColumn(_ body: (Int) -> Void) {
    switch node {
    case .column(let index): body(index)
    case .constant, .null, .now: break
    case .arithmetic(_, let a, let b, _), .compare(_, let a, let b), .nullIf(let a, equal: let b):
      a.forEachColumn(body)
      b.forEachColumn(body)
    case .negate(let a), .test(let a, _), .not(let a), .isNull(let a), .cast(let a, _),
      .text(_, let a), .time(_, let a), .absolute(let a):
      a.forEachColumn(body)
    case .and(let terms), .or(let terms), .concat(let terms), .coalesce(let terms),
      .hash(let terms):
      for term in terms { term.forEachColumn(body) }
    case .choose(let a, let b, let c): for term in [a, b, c] { term.forEachColumn(body) }
    }
  }
}

/// What `date_trunc` cuts times to.
enum TimeUnit: String, Hashable, Sendable, CaseIterable {
  case second, minute, hour, day, week, month, quarter, year

  /// The start of the unit that a time, in microseconds, lies in.
  func start(of time: Int64) -> Int64 {
    switch self {
    case .second: return floor(time, 1_000_000)
    case .minute: return floor(time, 60_000_000)
    case .hour: return floor(time, 3_600_000_000)
    case .day: return floor(time, ValueText.microsecondsPerDay)
    case .week, .month, .quarter, .year:
      let day = time.flooredDivision(by: ValueText.microsecondsPerDay)
      return start(ofDay: day) &* ValueText.microsecondsPerDay
    }
  }

  /// The first day of the unit that a day lies in, both since 1970-01-01.
  func start(ofDay day: Int64) -> Int64 {
    switch self {
    case .second, .minute, .hour, .day: return day
    // 1970-01-01 was a Thursday.
    case .week: return (day + 3).flooredDivision(by: 7) * 7 - 3
    case .month, .quarter, .year:
      let date = CivilDate(daysSinceEpoch: Int(day))
      let months: Int
      switch self {
      case .month: months = date.month
      case .quarter: months = (date.month - 1) / 3 * 3 + 1
      default: months = 1
      }
      let first = CivilDate(year: date.year, month: months, day: 1)
      return Int64(first?.daysSinceEpoch ?? Int(day))
    }
  }

  private func floor(_ time: Int64, _ unit: Int64) -> Int64 {
    let quotient = time.flooredDivision(by: unit)
    let (product, overflow) = quotient.multipliedReportingOverflow(by: unit)
    return overflow ? .min : product
  }
}
