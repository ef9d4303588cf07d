import ScanKernels
import StorageBase

/// What it costs, about, to find the rows of a condition by looking at them or by asking an index:
/// only the proportions count. In nanoseconds of one core of a machine of 2025.
struct ScanCost {
  private let schema: Schema

  /// Opening an index that is not cached and finding one term.
  private static let lookup = 20_000.0
  /// One row of the answer of an index, until it is a bit of a selection.
  private static let indexedRow = 4.0
  /// One row of a page of numbers, decoded and compared.
  private static let number = 0.5
  /// One string, decoded and compared.
  private static let string = 4.0
  /// One text, decoded and cut into words.
  private static let text = 100.0

  init(schema: Schema) { self.schema = schema }

  /// Whether looking at the rows costs less than the cheapest answer of an index.
  func isCheap(_ condition: BoundPredicate, rowCount: Int) -> Bool {
    perRow(condition) * Double(rowCount) <= Self.lookup
  }

  func isIndexCheaper(
    for condition: BoundPredicate, matching matchCount: Int, ofScanned rowCount: Int
  ) -> Bool {
    Self.lookup + Self.indexedRow * Double(matchCount) < perRow(condition) * Double(rowCount)
  }

  private func perRow(_ condition: BoundPredicate) -> Double {
    switch condition.form {
    case .constant, .isNull, .isNotNull: 0
    case .spans(let column, _, _):
      schema.columns[column].type == .string ? Self.string : Self.number
    case .substrings, .other: Self.string
    case .words: Self.text
    case .and(let parts), .or(let parts): parts.reduce(0) { $0 + perRow($1) }
    }
  }
}
