import IngestDriver
import StorageBase
import TabletEngine

// Changes of columns as JSON: in events (see FORMAT.md) and in checkpoints.
extension SchemaChange {
  /// `{"add": "city", "type": "string", ...}`, `{"drop": "note"}`, `{"rename": "a", "to": "b"}`,
  /// `{"widen": "n", "type": "int64"}` or `{"nullable": "n"}`.
  var json: JSONValue {
    func object(_ members: (String, JSONValue?)...) -> JSONValue {
      .object(members.compactMap { name, value in value.map { JSONValue.Member(name, $0) } })
    }
    switch self {
    case .addColumn(let name, let type, let isNullable, let value, let previous):
      let text = value.flatMap { $0.isNull ? nil : JSONValue.string(type.format($0)) }
      return object(
        ("add", .string(name)), ("type", .string("\(type)")), ("nullable", .bool(isNullable)),
        ("default", text), ("after", previous.map { .string($0) }))
    case .dropColumn(let name): return object(("drop", .string(name)))
    case .renameColumn(let name, let other):
      return object(("rename", .string(name)), ("to", .string(other)))
    case .widenColumn(let name, let type):
      return object(("widen", .string(name)), ("type", .string("\(type)")))
    case .makeNullable(let name): return object(("nullable", .string(name)))
    }
  }

  /// - Throws: `JSONMismatch` for what is no change, `StorageError` for a default that is no value
  ///   of its type.
  init(json: JSONValue) throws {
    var members = try JSONMembers(json, of: "a change")
    if let name = try members.name("add") {
      let type = try members.type("type")
      let value = try members.value("default", of: type)
      let isNullable = try members.flag("nullable", default: true)
      self = .addColumn(
        name: name, type: type, isNullable: isNullable, defaultValue: value,
        after: try members.name("after"))
    } else if let name = try members.name("drop") {
      self = .dropColumn(name)
    } else if let name = try members.name("rename") {
      self = .renameColumn(name, to: try members.string("to"))
    } else if let name = try members.name("widen") {
      self = .widenColumn(name, to: try members.type("type"))
    } else if let name = try members.name("nullable") {
      self = .makeNullable(name)
    } else {
      throw JSONMismatch(
        expected: "one of add, drop, rename, widen, nullable", found: json.compactText)
    }
    try members.finish()
  }
}

extension JSONMembers {
  /// Nil for none.
  mutating func name(_ name: String) throws(JSONMismatch) -> String? {
    guard let value = take(name) else { return nil }
    if case .string(let text) = value, !text.isEmpty { return text }
    throw JSONMismatch(expected: "\(name) to be a name", found: value.compactText)
  }

  fileprivate mutating func type(_ name: String) throws(JSONMismatch) -> DataType {
    let text = try string(name)
    if let type = DataType(text) ?? SourceType(text)?.type { return type }
    throw JSONMismatch(expected: "\(name) to be a type such as int64 or decimal(12,2)", found: text)
  }

  fileprivate mutating func flag(
    _ name: String, default usual: Bool
  ) throws(JSONMismatch) -> Bool {
    switch take(name) {
    case nil: return usual
    case .bool(let flag)?: return flag
    case let value?:
      throw JSONMismatch(expected: "\(name) to be true or false", found: value.compactText)
    }
  }

  /// Nil for none, and for null.
  fileprivate mutating func value(_ name: String, of type: DataType) throws -> Value? {
    switch take(name) {
    case nil: return nil
    case .string(let text)?: return try type.value(ofField: text)
    case let value?: return try type.value(ofField: value.compactText)
    }
  }
}
