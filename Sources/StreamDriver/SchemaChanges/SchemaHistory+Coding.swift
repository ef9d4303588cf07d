import StorageBase
import TabletEngine

// The bytes of a history in a checkpoint: JSON, see FORMAT.md.
extension SchemaHistory {
  /// What operators are not called: names of tables have no colon.
  static let stateName = "schema:changes"

  package func encoded() -> [UInt8] {
    let value = JSONValue.object([
      JSONValue.Member("entries", .array(entries.map(\.json))),
      JSONValue.Member("applied", .integer(appliedCount)),
      JSONValue.Member(
        "views",
        .object(
          views.sorted { $0.key < $1.key }.map { name, numbers in
            JSONValue.Member(name, .array(numbers.map { .integer($0) }))
          })),
      JSONValue.Member(
        "columns",
        .object(
          bindings.sorted { $0.key < $1.key }.map { table, columns in
            JSONValue.Member(
              table,
              .object(
                columns.sorted { $0.key < $1.key }.map {
                  JSONValue.Member($0.key, .integer(Int($0.value.rawValue)))
                }))
          })),
    ])
    return Array(value.compactText.utf8)
  }

  /// - Throws: `StorageError.corrupt` for bytes that `encoded` does not make.
  package init(decoding bytes: [UInt8]) throws {
    do {
      let value = try bytes.withUnsafeBytes { bytes in
        try JSONValue(parsing: bytes.bindMemory(to: UInt8.self))
      }
      try self.init(json: value)
    } catch {
      throw StorageError.corrupt(
        file: "checkpoint", offset: 0, what: Self.stateName,
        expected: "a history of schema changes", found: "\(error)")
    }
  }

  private init(json: JSONValue) throws {
    var members = try JSONMembers(json, of: "the history")
    entries = try members.array("entries").map { try Entry(json: $0) }
    appliedCount = try members.integer("applied", in: 0...entries.count)
    for member in try Self.members(of: members.require("views"), "views") {
      guard case .array(let numbers) = member.value else {
        throw JSONMismatch(expected: "numbers of entries", found: member.value.compactText)
      }
      let view = try numbers.map { try Self.integer($0, in: 1...max(1, entries.count)) }
      guard Set(view).count == view.count, entries.count > 0 || view.isEmpty else {
        throw JSONMismatch(expected: "numbers of entries", found: member.value.compactText)
      }
      views[member.key] = view
    }
    for table in try Self.members(of: members.require("columns"), "columns") {
      for column in try Self.members(of: table.value, table.key) {
        let id = try Self.integer(column.value, in: 0...Int(UInt32.max))
        bindings[table.key, default: [:]][column.key] = ColumnID(rawValue: UInt32(id))
      }
    }
    try members.finish()
  }

  private static func members(
    of value: JSONValue, _ what: String
  ) throws(JSONMismatch) -> [JSONValue.Member] {
    if case .object(let members) = value { return members }
    throw JSONMismatch(expected: "an object for \(what)", found: value.compactText)
  }

  fileprivate static func integer(
    _ value: JSONValue, in range: ClosedRange<Int>
  ) throws(JSONMismatch) -> Int {
    if case .integer(let integer) = value, range.contains(integer) { return integer }
    throw JSONMismatch(expected: "a whole number in \(range)", found: value.compactText)
  }
}

extension SchemaHistory.Entry {
  fileprivate var json: JSONValue {
    var members: [JSONValue.Member] = []
    if let id { members.append(JSONValue.Member("id", .string(id))) }
    members.append(
      JSONValue.Member(
        "changes",
        .array(
          changes.map { change in
            .object([
              JSONValue.Member("change", change.change.json),
              JSONValue.Member("as", .optional(change.name)),
            ])
          })))
    members.append(
      JSONValue.Member(
        "tables",
        .array(
          alterations.map { alteration in
            .object([
              JSONValue.Member("table", .string(alteration.table)),
              JSONValue.Member("version", .integer(alteration.version)),
              JSONValue.Member("changes", .array(alteration.changes.map(\.json))),
            ])
          })))
    return .object(members)
  }

  fileprivate init(json: JSONValue) throws {
    var members = try JSONMembers(json, of: "an entry")
    id = try members.name("id")
    changes = try members.array("changes").map { value in
      var members = try JSONMembers(value, of: "a change")
      let change = try SchemaChange(json: members.require("change"))
      let name = try members.name("as")
      try members.finish()
      return SchemaHistory.Change(change: change, name: name)
    }
    alterations = try members.array("tables").map { value in
      var members = try JSONMembers(value, of: "an alteration")
      let table = try members.string("table")
      let version = try members.integer("version")
      let changes = try members.array("changes").map { try SchemaChange(json: $0) }
      try members.finish()
      return SchemaHistory.Alteration(table: table, version: version, changes: changes)
    }
    try members.finish()
  }
}
