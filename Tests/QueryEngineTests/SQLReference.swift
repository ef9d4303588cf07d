import ScanKernels
import StorageBase

@testable import QueryEngine

/// Statements answered row by row from what the parser read, with nothing of the engine: neither
/// binder nor kernels. Slow and obvious.
struct SQLReference {
  typealias Row = [NaiveValue]

  private let select: SQLSelect
  private let columns: [String: Int]
  private let names: [String]
  private let rows: [Row]

  init(_ statement: SQLStatement, _ table: FixtureTable) {
    select = statement.select
    names = table.schema.columns.map(\.name)
    columns = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
    let types = table.schema.columns.map(\.type)
    rows = table.rows.map { zip($0, types).map { NaiveValue($0, $1) } }
  }

  /// In the order asked for; rows that tie in that of their groups' keys.
  func answer() -> [Row] {
    let items = select.items.flatMap { item in
      item.node.map { [$0] }
        ?? names.map {
          SQLNode(kind: .name($0, qualifier: nil, isQuoted: true), range: item.range)
        }
    }
    let selected = rows.filter { row in
      select.filter.map { value($0, [row]) == .bool(true) } ?? true
    }
    var kept = groups(of: selected, items)
    if let having = select.having {
      kept = kept.filter { value(aliased(having), $0) == .bool(true) }
    }
    var results = kept.map { group in
      (row: items.map { value($0, group) }, order: order(items).map { value($0, group) })
    }
    if select.isDistinct {
      var seen = Set<Row>()
      results = results.filter { seen.insert($0.row.map(\.canonical)).inserted }
    }
    let directions = select.orders.map(\.direction)
    let ordered = results.enumerated().sorted { a, b in
      for (index, direction) in directions.enumerated() {
        let (x, y) = (a.element.order[index], b.element.order[index])
        if x.precedes(y) { return direction == .ascending }
        if y.precedes(x) { return direction == .descending }
      }
      return a.offset < b.offset
    }
    return ordered.map(\.element.row).dropFirst(select.offset).prefix(select.limit ?? .max).map {
      $0
    }
  }

  private func groups(of rows: [Row], _ items: [SQLNode]) -> [[Row]] {
    let isGrouping =
      !select.groups.isEmpty || select.having != nil || items.contains(where: \.hasAggregate)
      || select.orders.contains { $0.node.hasAggregate }
    guard isGrouping else { return rows.map { [$0] } }
    if select.groups.isEmpty { return [rows] }
    let keys = select.groups.map { target($0, items, columnsFirst: true) }
    var members: [Row: [Row]] = [:]
    for row in rows {
      members[keys.map { value($0, [row]).canonical }, default: []].append(row)
    }
    return members.sorted { a, b in
      for (x, y) in zip(a.key, b.key) where x != y { return x.precedes(y) }
      return false
    }.map(\.value)
  }

  private func order(_ items: [SQLNode]) -> [SQLNode] {
    select.orders.map { target($0.node, items, columnsFirst: false) }
  }

  /// An ordinal or a name of an item stands for it.
  private func target(_ node: SQLNode, _ items: [SQLNode], columnsFirst: Bool) -> SQLNode {
    if case .constant(.exact(let ordinal, 0)) = node.kind { return items[Int(ordinal) - 1] }
    if case .name(let name, _, _) = node.kind, !(columnsFirst && columns[name] != nil) {
      return item(called: name) ?? node
    }
    return node
  }

  private func item(called name: String) -> SQLNode? {
    select.items.first { $0.alias == name }?.node
  }

  /// HAVING may name items, on the left of its comparisons.
  private func aliased(_ node: SQLNode) -> SQLNode {
    func with(_ kind: SQLNode.Kind) -> SQLNode { SQLNode(kind: kind, range: node.range) }
    switch node.kind {
    case .name(let name, _, _): return columns[name] == nil ? item(called: name) ?? node : node
    case .and(let terms): return with(.and(terms.map(aliased)))
    case .or(let terms): return with(.or(terms.map(aliased)))
    case .not(let term): return with(.not(aliased(term)))
    case .comparison(let a, let comparison, let b):
      return with(.comparison(aliased(a), comparison, aliased(b)))
    case .between(let a, let b, let c): return with(.between(aliased(a), b, c))
    case .isOneOf(let a, let members): return with(.isOneOf(aliased(a), members))
    case .isNull(let a): return with(.isNull(aliased(a)))
    default: return node
    }
  }

  /// The value of an expression for a group; outside of aggregates, for its first row.
  private func value(_ node: SQLNode, _ group: [Row]) -> NaiveValue {
    func truth(_ value: NaiveValue) -> Bool? {
      if case .bool(let flag) = value { return flag }
      return nil
    }
    func bool(_ flag: Bool?) -> NaiveValue { flag.map { .bool($0) } ?? .null }
    switch node.kind {
    case .name(let name, _, _): return group.first.map { $0[columns[name]!] } ?? .null
    case .constant(let constant): return Self.constant(constant)
    case .negate(let inner):
      return NaiveValue.exact(0, scale: 0).combined(.subtract, value(inner, group))
    case .arithmetic(let a, let sign, let b):
      return value(a, group).combined(sign, value(b, group))
    case .comparison(let a, let comparison, let b):
      return bool(
        value(a, group).compared(with: value(b, group)).map { Self.holds(comparison, $0) })
    case .between(let inner, let low, let high):
      let tested = value(inner, group)
      let terms = [
        tested.compared(with: value(low, group)).map { $0 >= 0 },
        tested.compared(with: value(high, group)).map { $0 <= 0 },
      ]
      return bool(terms.contains(false) ? false : terms.contains(nil) ? nil : true)
    case .isOneOf(let inner, let members):
      let tested = value(inner, group)
      let terms = members.map { tested.compared(with: value($0, group)).map { $0 == 0 } }
      return bool(terms.contains(true) ? true : terms.contains(nil) ? nil : false)
    case .isNull(let inner): return .bool(value(inner, group) == .null)
    case .like(let inner, let pattern):
      guard case .text(let text) = value(inner, group),
        case .text(let wanted) = value(pattern, group)
      else { return .null }
      return .bool(Self.isLike(text.unicodeScalars.map { $0 }, wanted.unicodeScalars.map { $0 }))
    case .match: preconditionFailure("words depend on how an index cuts them")
    case .not(let term): return bool(truth(value(term, group)).map { !$0 })
    case .and(let nodes):
      let terms = nodes.map { truth(value($0, group)) }
      return bool(terms.contains(false) ? false : terms.contains(nil) ? nil : true)
    case .or(let nodes):
      let terms = nodes.map { truth(value($0, group)) }
      return bool(terms.contains(true) ? true : terms.contains(nil) ? nil : false)
    case .datePart(let part, let inner): return Self.part(part, value(inner, group))
    case .call(let call): return result(call, group)
    case .conditional(let branches, let otherwise):
      for branch in branches where value(branch.condition, group) == .bool(true) {
        return value(branch.value, group)
      }
      return otherwise.map { value($0, group) } ?? .null
    }
  }

  private static func constant(_ constant: SQLConstant) -> NaiveValue {
    switch constant {
    case .null: .null
    case .boolean(let flag): .bool(flag)
    case .exact(let unscaled, let scale): .exact(unscaled, scale: scale)
    case .floating(let number): .floating(number)
    case .string(let text): .text(text)
    case .date(let date): .day(NaiveDates.day(date.year, date.month, date.day))
    case .interval(let months, let days): .interval(months: months, days: days)
    }
  }

  /// `%` takes nothing or one more character, `_` exactly one, and a backslash the next as it is.
  private static func isLike(_ text: [Unicode.Scalar], _ pattern: [Unicode.Scalar]) -> Bool {
    func matches(_ t: Int, _ p: Int) -> Bool {
      if p == pattern.count { return t == text.count }
      if pattern[p] == "%" {
        return matches(t, p + 1) || (t < text.count && matches(t + 1, p))
      }
      guard t < text.count else { return false }
      if pattern[p] == "_" { return matches(t + 1, p + 1) }
      let literal = pattern[p] == "\\" && p + 1 < pattern.count ? p + 1 : p
      return text[t] == pattern[literal] && matches(t + 1, literal + 1)
    }
    return matches(0, 0)
  }

  private static func holds(_ comparison: Comparison, _ order: Int) -> Bool {
    switch comparison {
    case .equal: order == 0
    case .notEqual: order != 0
    case .less: order < 0
    case .lessOrEqual: order <= 0
    case .greater: order > 0
    case .greaterOrEqual: order >= 0
    }
  }

  private static func part(_ part: DatePart, _ value: NaiveValue) -> NaiveValue {
    let day: Int
    switch value {
    case .day(let days): day = days
    case .microseconds(let time): day = time / 86_400_000_000
    default: return .null
    }
    let parts = NaiveDates.parts(day)
    switch part {
    case .year: return .exact(Int128(parts.year), scale: 0)
    case .month: return .exact(Int128(parts.month), scale: 0)
    case .day: return .exact(Int128(parts.day), scale: 0)
    }
  }

  private func result(_ call: SQLCall, _ group: [Row]) -> NaiveValue {
    if let part = DatePart(rawValue: call.name) {
      return Self.part(part, value(call.arguments[0], group))
    }
    if call.name.hasPrefix("substr") {
      guard case .text(let text) = value(call.arguments[0], group) else { return .null }
      let places = call.arguments.dropFirst().map { argument -> Int in
        guard case .exact(let place, _) = value(argument, group) else { return 0 }
        return Int(place)
      }
      let from = places[0]
      let to = places.count == 2 ? from + places[1] : Int.max
      let scalars = text.unicodeScalars.enumerated().filter {
        (from..<max(from, to)).contains($0.offset + 1)
      }
      return .text(String(String.UnicodeScalarView(scalars.map(\.element))))
    }
    let rows = group.filter { row in
      call.filter.map { value($0, [row]) == .bool(true) } ?? true
    }
    if call.isStar { return .exact(Int128(rows.count), scale: 0) }
    let values = rows.map { value(call.arguments[0], [$0]) }.filter { $0 != .null }
    return figure(call, values)
  }

  private func figure(_ call: SQLCall, _ values: [NaiveValue]) -> NaiveValue {
    func sum() -> NaiveValue {
      values.reduce(.null) { $0 == .null ? $1 : $0.combined(.add, $1) }
    }
    switch call.name {
    case "count" where !call.isDistinct: return .exact(Int128(values.count), scale: 0)
    case "count", "ndv", "approx_count_distinct":
      return .exact(Int128(Set(values.map(\.canonical)).count), scale: 0)
    case "min": return values.reduce(.null) { $0 == .null || $1.precedes($0) ? $1 : $0 }
    case "max": return values.reduce(.null) { $0 == .null || $0.precedes($1) ? $1 : $0 }
    case "sum": return sum()
    case "avg": return sum().combined(.divide, .exact(Int128(values.count), scale: 0))
    default: preconditionFailure("no aggregate \(call.name)")
    }
  }
}
