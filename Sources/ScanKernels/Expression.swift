import StorageBase

/// A number computed from the columns of a row: `.column("price") * (1 - .column("discount"))`.
///
/// Over integers and decimals it is exact: sums have the greater scale of their terms, products the
/// sum of the scales of their factors, and a constant such as `0.05` counts as the decimal that
/// prints it. With a floating-point column anywhere in it, all of it is computed in doubles. Null
/// where a column it reads is null.
public indirect enum Expression: Hashable, Sendable {
  case column(String)
  /// An integer, a decimal or a finite floating-point number.
  case literal(Literal)
  case add(Expression, Expression)
  case subtract(Expression, Expression)
  case multiply(Expression, Expression)

  public static func + (a: Expression, b: Expression) -> Expression { .add(a, b) }
  public static func - (a: Expression, b: Expression) -> Expression { .subtract(a, b) }
  public static func * (a: Expression, b: Expression) -> Expression { .multiply(a, b) }
}

extension Expression: ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral {
  public init(integerLiteral value: Int64) { self = .literal(.integer(Int128(value))) }
  public init(floatLiteral value: Double) { self = .literal(.floating(value)) }
}

extension Expression: CustomStringConvertible {
  /// As SQL writes it, with parentheses only where they are needed.
  public var description: String {
    switch self {
    case .column(let name): name
    case .literal(let literal): literal.description
    case .add(let a, let b): "\(a) + \(b.isSum ? "(\(b))" : "\(b)")"
    case .subtract(let a, let b): "\(a) - \(b.isSum ? "(\(b))" : "\(b)")"
    case .multiply(let a, let b):
      (a.isSum ? "(\(a))" : "\(a)") + " * " + (b.isPrimary ? "\(b)" : "(\(b))")
    }
  }

  private var isSum: Bool {
    switch self {
    case .add, .subtract: true
    case .column, .literal, .multiply: false
    }
  }

  private var isPrimary: Bool {
    switch self {
    case .column, .literal: true
    case .add, .subtract, .multiply: false
    }
  }
}
