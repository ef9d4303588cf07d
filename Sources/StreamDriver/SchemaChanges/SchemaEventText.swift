import IngestDriver
import StorageBase
import TabletEngine

extension SchemaEvent {
  /// What a line of JSON says, if it is a change of columns and no row (see FORMAT.md): an object
  /// with nothing but `schema_change`, or one of Debezium with `ddl` or `tableChanges`, in a
  /// `payload` or not.
  init?(line bytes: UnsafeRawBufferPointer) {
    let line = String(decoding: bytes, as: UTF8.self)
    var end = line.endIndex
    while end > line.startIndex, line[line.index(before: end)].isNewline {
      end = line.index(before: end)
    }
    let text = String(line[..<end])
    guard let members = Self.members(of: text) else { return nil }
    if members.count == 1, members[0].key == "schema_change" {
      self.init(own: members[0].value, text: text)
      return
    }
    var event = members
    if case .object(let payload)? = members.value("payload") { event = payload }
    let has = { (name: String) in event.value(name) != nil }
    guard !has("op"), has("source") || has("databaseName"), has("ddl") || has("tableChanges")
    else { return nil }
    self.init(debezium: event, text: text)
  }

  /// Nil for what is no JSON object: somebody else will complain of it.
  private static func members(of text: String) -> [JSONValue.Member]? {
    do throws(JSONFault) {
      guard case .object(let members) = try JSONValue(parsing: text, allowsTwins: true) else {
        return nil
      }
      return members
    } catch {
      return nil
    }
  }

  private init(own value: JSONValue, text: String) {
    self.init(content: .changes([]), text: text)
    do {
      var members = try JSONMembers(value, of: "schema_change")
      id = try members.name("id")
      table = try members.name("table")
      let changes = try members.array("changes")
      try members.finish()
      guard !changes.isEmpty else {
        throw JSONMismatch(expected: "changes to be a list of changes", found: "none")
      }
      content = .changes(try changes.map { .change(try SchemaChange(json: $0)) })
    } catch {
      content = .unclear("\(error)")
    }
  }
}

/// Events of Debezium: https://debezium.io/documentation/reference/stable/connectors/mysql.html,
/// "Schema change topic".
extension SchemaEvent {
  private init(debezium event: [JSONValue.Member], text: String) {
    self.init(content: .changes([]), text: text)
    id = Self.place(of: event)
    do {
      if case .string(let ddl)? = event.value("ddl"), !ddl.isEmpty {
        if let statement = try AlterStatement(ddl) {
          table = statement.table
          content = .changes(statement.changes)
          return
        }
        guard Self.leavesColumnsAlone(ddl) else {
          throw StorageError.invalidArgument(
            name: "ddl", value: ddl, reason: "only ALTER TABLE can be followed")
        }
      }
      guard case .array(let tables)? = event.value("tableChanges") else { return }
      try describe(tables)
    } catch {
      content = .unclear("\(error)")
    }
  }

  private mutating func describe(_ tables: [JSONValue]) throws {
    let altered = tables.compactMap { value -> [JSONValue.Member]? in
      guard case .object(let members) = value, members.value("type") == .string("ALTER") else {
        return nil
      }
      return members
    }
    guard let members = altered.first else { return }
    guard altered.count == 1 else {
      throw JSONMismatch(expected: "one table to be altered", found: "\(altered.count)")
    }
    if case .string(let id)? = members.value("id") {
      table = id.split(separator: ".").map { $0.filter { $0 != "\"" } }.joined(separator: ".")
    }
    guard case .object(let table)? = members.value("table"),
      case .array(let columns)? = table.value("columns")
    else { throw JSONMismatch(expected: "tableChanges to have columns", found: "none") }
    content = .columns(try columns.map { try SourceColumn(debezium: $0) })
  }

  /// Where the change is in the log of the database, and what it is.
  private static func place(of event: [JSONValue.Member]) -> String? {
    guard case .object(let source)? = event.value("source") else { return nil }
    let places = ["file", "pos", "lsn", "commit_lsn", "scn", "ts_ms"].compactMap { name in
      source.value(name).map { "\(name)=\($0.compactText)" }
    }
    if places.isEmpty { return nil }
    return places.joined(separator: " ") + " " + (event.value("ddl")?.compactText ?? "")
  }

  /// Statements that a stream of rows need not know of: those that come before its first row.
  private static func leavesColumnsAlone(_ ddl: String) -> Bool {
    let word = ddl.drop { $0.isWhitespace }.prefix { $0.isLetter }.lowercased()
    return ["create", "set", "use", "grant", "analyze"].contains(word)
  }
}

extension SourceColumn {
  fileprivate init(debezium value: JSONValue) throws {
    guard case .object(let members) = value, case .string(let name)? = members.value("name") else {
      throw JSONMismatch(expected: "a column with a name", found: value.compactText)
    }
    func number(_ name: String) -> Int? {
      if case .integer(let number)? = members.value(name) { number } else { nil }
    }
    guard case .string(let typeName)? = members.value("typeName") else {
      throw JSONMismatch(expected: "column \(name) to have a typeName", found: value.compactText)
    }
    let words = typeName.lowercased().split(separator: " ").map(String.init)
    let arguments = [number("length"), number("scale")].compactMap { $0 }
    guard let type = SourceType(words: words, arguments: arguments)?.type else {
      throw JSONMismatch(expected: "a type that columns can have", found: "\(name) \(typeName)")
    }
    self.init(
      name: name, type: type, isNullable: members.value("optional") != .bool(false))
    guard members.value("hasDefaultValue") == .bool(true),
      case .string(let text)? = members.value("defaultValueExpression")
    else { return }
    let isQuoted = text.count > 1 && text.hasPrefix("'") && text.hasSuffix("'")
    let plain = isQuoted ? String(text.dropFirst().dropLast()) : text
    defaultValue = try type.value(ofField: plain)
  }
}

extension [JSONValue.Member] {
  /// Nil for none, and for null.
  func value(_ name: String) -> JSONValue? {
    guard let value = first(where: { $0.key == name })?.value, value != .null else { return nil }
    return value
  }
}
