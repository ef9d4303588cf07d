import IngestDriver
import StorageBase
import TabletEngine

/// What people write of a column to add: `price decimal(12,2) not null default 0.5 after name`.
struct ColumnClause {
  private var words: [(text: String, isQuoted: Bool)] = []
  private let text: String

  init(_ text: String) throws {
    self.text = text
    var rest = text[...]
    while let first = rest.first {
      if first == " " {
        rest.removeFirst()
      } else if first == "'" {
        rest.removeFirst()
        guard let end = rest.firstIndex(of: "'") else { throw mistake("a ' has no end") }
        words.append((String(rest[..<end]), true))
        rest = rest[rest.index(after: end)...]
      } else {
        // A type may have spaces in its brackets.
        var end = rest.firstIndex(of: " ") ?? rest.endIndex
        let word = rest[..<end]
        if word.contains("("), !word.contains(")"), let close = rest.firstIndex(of: ")") {
          end = rest.index(after: close)
        }
        words.append((String(rest[..<end]), false))
        rest = rest[end...]
      }
    }
  }

  /// - Throws: `StorageError.invalidArgument` with what was expected.
  func addition() throws -> SchemaChange {
    var words = words[...]
    guard words.count >= 2 else { throw mistake("give a name and a type") }
    let name = words.removeFirst().text
    let type = try Self.type(words.removeFirst().text)
    var isNullable = true
    var value: Value?
    var previous: String?
    while let word = words.popFirst() {
      switch word.isQuoted ? "" : word.text.lowercased() {
      case "null": isNullable = true
      case "not" where words.first?.text.lowercased() == "null":
        words.removeFirst()
        isNullable = false
      case "default":
        guard let given = words.popFirst() else { throw mistake("a value must follow default") }
        let isNull = !given.isQuoted && given.text.lowercased() == "null"
        value = isNull ? .null : try type.value(ofField: given.text)
      case "after":
        guard let given = words.popFirst() else { throw mistake("a column must follow after") }
        previous = given.text
      default:
        throw mistake("'\(word.text)' is none of: not null, default VALUE, after COLUMN")
      }
    }
    return .addColumn(
      name: name, type: type, isNullable: isNullable, defaultValue: value, after: previous)
  }

  /// `name type`.
  func widening() throws -> SchemaChange {
    guard words.count == 2 else { throw mistake("give a name and the wider type") }
    return .widenColumn(words[0].text, to: try Self.type(words[1].text))
  }

  private static func type(_ text: String) throws -> DataType {
    if let type = DataType(text) { return type }
    throw StorageError.unknownName(
      kind: "type", name: text,
      known: [
        "bool", "int8", "int16", "int32", "int64", "float", "double", "decimal(p,s)", "date",
        "datetime", "string",
      ])
  }

  private func mistake(_ reason: String) -> StorageError {
    .invalidArgument(name: "column", value: "'\(text)'", reason: reason)
  }
}
