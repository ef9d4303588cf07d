import BenchKit

/// One figure about the hash key index; less is better.
struct KeyFinding {
  static let columns = ["rows", "code_words", "sequences", "operation", "keys", "unit", "value"]

  let rowCount: Int
  let codeWords: Int
  let hasSequences: Bool
  let operation: String
  /// Which keys, or how they came.
  let keys: String
  let unit: String
  let value: Double

  func least(_ other: KeyFinding) -> KeyFinding { other.value < value ? other : self }

  /// In the order of `columns`; none has a comma.
  var cells: [String] {
    [
      "\(rowCount)", "\(codeWords)", hasSequences ? "yes" : "no", operation, keys, unit,
      formatFixed(value, places: 2),
    ]
  }
}
