import StorageBase

/// A type as databases call it, such as `varchar(255)`, `bigint unsigned` or `timestamp(6)`. A
/// value.
struct SourceType {
  let type: DataType

  /// Nil for a type that has no counterpart.
  init?(_ text: String) {
    let lower = text.lowercased()
    let name = lower.prefix { $0 != "(" }.split(separator: " ")
    let arguments = lower.drop { $0 != "(" }.dropFirst().prefix { $0 != ")" }
      .split(separator: ",").compactMap { Int($0.filter { $0 != " " }) }
    self.init(
      words: name.map(String.init)
        + lower.split(separator: ")").dropFirst().flatMap {
          $0.split(separator: " ").map(String.init)
        }, arguments: arguments)
  }

  /// - Parameters:
  ///   - words: in lower case, without brackets.
  ///   - arguments: the numbers in the brackets.
  init?(words: [String], arguments: [Int]) {
    let isUnsigned = words.contains("unsigned")
    switch words.first {
    case "tinyint", "int1": type = isUnsigned ? .int16 : .int8
    case "smallint", "int2", "smallserial", "year": type = isUnsigned ? .int32 : .int16
    case "mediumint", "int3": type = .int32
    case "int", "integer", "int4", "serial": type = isUnsigned ? .int64 : .int32
    case "bigint", "int8", "bigserial":
      type = isUnsigned ? .decimal(precision: 20, scale: 0) : .int64
    case "float", "real", "float4": type = .float
    case "double", "float8": type = .double
    case "decimal", "numeric", "dec", "number":
      let (precision, scale) = (arguments.first ?? 10, arguments.dropFirst().first ?? 0)
      guard (1...38).contains(precision), (0...precision).contains(scale) else { return nil }
      type = .decimal(precision: precision, scale: scale)
    case "bool", "boolean": type = .bool
    case "date": type = .date
    case "datetime", "timestamp", "timestamptz": type = .datetime
    case "char", "varchar", "character", "nchar", "nvarchar", "varchar2", "text", "tinytext",
      "mediumtext", "longtext", "enum", "set", "json", "jsonb", "uuid", "time", "string", "bpchar",
      "name", "citext", "xml", "inet":
      type = .string
    default: return nil
    }
  }
}
