/// Why a text is not a value of a type.
package enum TextProblem: Error {
  case malformed
  case outOfRange
  case tooManyFractionDigits
  case notUTF8
  case tooLong
  case missing

  package func reason(for type: DataType) -> String {
    switch self {
    case .malformed: "not a \(type)"
    case .outOfRange: "outside the range of \(type)"
    case .tooManyFractionDigits: "more digits after the point than \(type) holds"
    case .notUTF8: "not UTF-8"
    case .tooLong: "longer than \(Limits.stringByteCountMax) bytes"
    case .missing: "empty, but the column is not nullable"
    }
  }
}
