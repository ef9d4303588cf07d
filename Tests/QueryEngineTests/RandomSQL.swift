import StorageBase

/// Random statements over one of the tables of the fixture, with constants that its rows have.
struct RandomSQL {
  private(set) var cases: RandomCases
  private let table: FixtureTable
  /// Columns that are one for each row together.
  private let unique: [String]

  init(seed: UInt64, _ table: FixtureTable) {
    cases = RandomCases(seed: seed)
    self.table = table
    unique =
      table.name == "lineitem" ? ["l_orderkey", "l_linenumber"] : [table.schema.columns[0].name]
  }

  private var columns: [Column] { table.schema.columns }

  private mutating func column(_ isFit: (DataType) -> Bool = { _ in true }) -> Column {
    cases.pick(columns.filter { isFit($0.type) })
  }

  private static func isExactNumber(_ type: DataType) -> Bool {
    switch type {
    case .int8, .int16, .int32, .int64, .decimal: true
    default: false
    }
  }

  private static func isTime(_ type: DataType) -> Bool { type == .date || type == .datetime }

  /// A value that some row has, or one near it, as SQL writes it.
  private mutating func literal(_ column: Column) -> String {
    let index = table.schema.index(of: column.id)!
    let value = cases.pick(table.rows)[index]
    if cases.chance(1, in: 25) || value.isNull { return "null" }
    let text = column.type.format(value)
    switch column.type {
    case .bool: return text
    case .string:
      let quoted = text.split(separator: "'", omittingEmptySubsequences: false)
        .joined(separator: "''")
      return "'\(cases.chance(1, in: 5) ? String(quoted.prefix(2)) : quoted)'"
    case .date:
      if cases.chance(1, in: 2) { return "'\(text)'" }
      let unit = cases.pick(["day", "week", "month", "year"])
      let sign = cases.pick(["+", "-"])
      return "date '\(text)' \(sign) interval '\(cases.below(4))' \(unit)"
    case .datetime: return "timestamp '\(text)'"
    default: return cases.chance(1, in: 4) ? "\(text) + \(cases.below(3))" : text
    }
  }

  private mutating func comparison() -> String {
    cases.pick(["=", "<>", "!=", "<", "<=", ">", ">="])
  }

  mutating func condition(_ depth: Int = 3) -> String {
    switch cases.below(depth > 0 ? 15 : 10) {
    case 0, 1:
      let column = column()
      return "\(column.name) \(comparison()) \(literal(column))"
    case 2:
      let column = column()
      return "\(literal(column)) \(comparison()) \(column.name)"
    case 3:
      let column = column()
      return "\(column.name) \(not)between \(literal(column)) and \(literal(column))"
    case 4:
      let column = column()
      let members = (0..<1 + cases.below(6)).map { _ in literal(column) }
      return "\(column.name) \(not)in (\(members.joined(separator: ", ")))"
    case 5: return "\(column().name) is \(not)null"
    case 6: return pair()
    case 7: return derived()
    case 8:
      let number = column(Self.isExactNumber)
      return
        "\(number.name) * 2 - \(cases.below(50)).5 \(comparison()) "
        + column(Self.isExactNumber).name
    case 9: return like()
    case 10: return "not (\(condition(depth - 1)))"
    case 11, 12, 13: return "(\(condition(depth - 1)) and \(condition(depth - 1)))"
    default: return "(\(condition(depth - 1)) or \(condition(depth - 1)))"
    }
  }

  /// A part of a string that some row has, with what stands for any or for one character.
  private mutating func like() -> String {
    let text = column { $0 == .string }
    let value = literal(text)
    guard value != "null" else { return "\(text.name) is \(not)null" }
    let characters = Array(value.dropFirst().dropLast().prefix { $0 != "'" })
    let start = characters.isEmpty ? 0 : cases.below(characters.count)
    var part = characters[start...].prefix(1 + cases.below(6)).map(String.init)
    if !part.isEmpty, cases.chance(1, in: 3) { part[cases.below(part.count)] = "_" }
    if part.count > 2, cases.chance(1, in: 3) { part[1] = "%" }
    let pattern = cases.pick(["", "%"]) + part.joined() + cases.pick(["", "%", "%"])
    return "\(text.name) \(not)like '\(pattern)'"
  }

  private var not: String {
    mutating get { cases.chance(1, in: 3) ? "not " : "" }
  }

  /// Two columns of one type.
  private mutating func pair() -> String {
    let first = column()
    let alike = columns.filter { $0.type == first.type }
    return "\(first.name) \(comparison()) \(cases.pick(alike).name)"
  }

  private mutating func derived() -> String {
    if cases.chance(1, in: 2), columns.contains(where: { Self.isTime($0.type) }) {
      let part = cases.pick(["year", "month", "day"])
      let value = part == "year" ? 1992 + cases.below(33) : 1 + cases.below(28)
      return "extract(\(part) from \(column(Self.isTime).name)) \(comparison()) \(value)"
    }
    let text = column { $0 == .string }
    let part = literal(text)
    guard part != "null" else { return "\(text.name) is null" }
    let length = 1 + cases.below(3)
    let prefix = part.dropFirst().dropLast().prefix(length).prefix { $0 != "'" }
    return "substring(\(text.name), 1, \(length)) \(comparison()) '\(prefix)'"
  }

  private mutating func number() -> String {
    let name = column(Self.isExactNumber).name
    switch cases.below(5) {
    case 0: return "\(name) * (1 - \(column(Self.isExactNumber).name))"
    case 1: return "-\(name) + 0.25"
    case 2: return "case when \(condition(1)) then \(name) else \(cases.below(3)) end"
    default: return name
    }
  }

  /// Sums of fractions depend on the order of additions, so that nothing may depend on them.
  private mutating func exactAggregate() -> String {
    let call =
      switch cases.below(8) {
      case 0: "count(*)"
      case 1: "count(\(column().name))"
      case 2, 3: "count(distinct \(column().name))"
      case 4: "min(\(column().name))"
      case 5: "max(\(column().name))"
      default: "sum(\(number()))"
      }
    return cases.chance(1, in: 4) ? "\(call) filter (where \(condition(1)))" : call
  }

  private mutating func aggregate() -> String {
    switch cases.below(6) {
    case 0: "avg(\(number()))"
    case 1: "2 * sum(\(number())) - count(*)"
    case 2: "sum(\(number())) / count(*)"
    default: exactAggregate()
    }
  }

  private mutating func key() -> String {
    switch cases.below(6) {
    case 0 where columns.contains { Self.isTime($0.type) }:
      return "extract(\(cases.pick(["year", "month"])) from \(column(Self.isTime).name))"
    case 1: return "substring(\(column { $0 == .string }.name), 1, \(1 + cases.below(3)))"
    default: return column().name
    }
  }

  mutating func statement() -> String {
    cases.chance(1, in: 4) ? rows() : groups()
  }

  private mutating func rows() -> String {
    var items = (0..<1 + cases.below(3)).map { _ in cases.chance(1, in: 3) ? number() : key() }
    items = items.enumerated().map { "\($1)\(cases.pick([" as", ""])) r\($0)" }
    let orders =
      items.indices.filter { _ in cases.chance(1, in: 2) }.map { "\($0 + 1)\(direction)" } + unique
    return "select \(items.joined(separator: ", ")) from \(table.name)\(filter)"
      + " order by \(orders.joined(separator: ", "))\(limit)"
  }

  private mutating func groups() -> String {
    let keys = (0..<cases.below(4)).map { _ in key() }
    let figures = (0..<1 + cases.below(3)).map { _ in aggregate() }
    let items = keys.enumerated().map { "\($1)\(cases.pick([" as", ""])) k\($0)" } + figures
    var text = "select \(items.joined(separator: ", ")) from \(table.name)\(filter)"
    if !keys.isEmpty {
      let form = cases.below(3)
      let names = keys.enumerated().map { form == 0 ? "\($0 + 1)" : form == 1 ? "k\($0)" : $1 }
      text += " group by \(names.joined(separator: ", "))"
    }
    if cases.chance(1, in: 4) {
      text += " having \(cases.pick(["count(*)", "count(distinct \(column().name))"])) > 1"
      if cases.chance(1, in: 2) { text += " or not sum(\(number())) <= \(cases.below(100))" }
    }
    var orders = keys.indices.filter { _ in cases.chance(1, in: 3) }.map { "\($0 + 1)\(direction)" }
    if cases.chance(1, in: 3) { orders.insert("\(exactAggregate())\(direction)", at: 0) }
    if cases.chance(1, in: 6) { orders.insert("count(*) * 2 + 1\(direction)", at: 0) }
    if !orders.isEmpty { text += " order by \(orders.joined(separator: ", "))" }
    return text + limit
  }

  private var direction: String {
    mutating get { cases.pick(["", " asc", " desc", " desc"]) }
  }

  private var filter: String {
    mutating get { cases.chance(3, in: 4) ? " where \(condition())" : "" }
  }

  private var limit: String {
    mutating get {
      let count = cases.chance(1, in: 3) ? " limit \(cases.pick([0, 1, 5, 40]))" : ""
      return count + (cases.chance(1, in: 6) ? " offset \(cases.below(10))" : "")
    }
  }
}
