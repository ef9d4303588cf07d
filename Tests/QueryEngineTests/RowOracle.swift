import InvertedIndex
import QueryEngine
import ScanKernels
import StorageBase

/// Queries answered the slow and obvious way, one row of values at a time. Literals are `stored`.
struct RowOracle {
  let schema: Schema
  let rows: [[Value]]
  /// Of columns with an inverted index.
  var indexes: [ColumnID: IndexOptions] = [:]

  private func options(of column: ColumnID) -> IndexOptions {
    indexes[column] ?? IndexOptions(parser: .unicode)
  }

  /// True, false or unknown (nil), as SQL has it.
  func truth(_ predicate: Predicate, _ row: [Value]) -> Bool? {
    switch predicate {
    case .compare(let name, let comparison, let literal):
      return compare(row[schema.index(of: name)!], comparison, literal)
    case .between(let name, let lower, let upper):
      let value = row[schema.index(of: name)!]
      return and([compare(value, .greaterOrEqual, lower), compare(value, .lessOrEqual, upper)])
    case .isOneOf(let name, let literals):
      let value = row[schema.index(of: name)!]
      return or(literals.map { compare(value, .equal, $0) })
    case .like(let name, let pattern):
      guard case .string(let text) = row[schema.index(of: name)!] else { return nil }
      return NaiveText.isLike(Array(text.unicodeScalars), Array(pattern.unicodeScalars)[...])
    case .match(let name, let match, let text):
      let column = schema.index(of: name)!
      guard case .string(let value) = row[column] else { return nil }
      return NaiveText(options: options(of: schema.columns[column].id)).matches(value, match, text)
    case .isNull(let name): return row[schema.index(of: name)!].isNull
    case .isNotNull(let name): return !row[schema.index(of: name)!].isNull
    case .and(let terms): return and(terms.map { truth($0, row) })
    case .or(let terms): return or(terms.map { truth($0, row) })
    case .not(let term): return truth(term, row).map { !$0 }
    }
  }

  private func and(_ terms: [Bool?]) -> Bool? {
    terms.contains(false) ? false : terms.contains(nil) ? nil : true
  }

  private func or(_ terms: [Bool?]) -> Bool? {
    terms.contains(true) ? true : terms.contains(nil) ? nil : false
  }

  private func compare(_ value: Value, _ comparison: Comparison, _ literal: Literal) -> Bool? {
    guard case .stored(let other) = literal, !value.isNull, !other.isNull else { return nil }
    switch comparison {
    case .equal: return isSame(value, other)
    case .notEqual: return !isSame(value, other)
    case .less: return value.precedes(other)
    case .lessOrEqual: return !other.precedes(value)
    case .greater: return other.precedes(value)
    case .greaterOrEqual: return !value.precedes(other)
    }
  }

  func answer(_ query: Query) -> [[Value]] {
    let selected = rows.filter { row in query.filter.map { truth($0, row) == true } ?? true }
    switch query.output {
    case .rows(let names):
      let positions = names?.map { schema.index(of: $0)! } ?? Array(schema.columns.indices)
      let terms = query.orders.map { (schema.index(of: $0.name)!, $0.direction) }
      return cut(sorted(selected, terms), query).map { row in positions.map { row[$0] } }
    case .groups(let names, let aggregates):
      let results = groups(selected, names, aggregates)
      let titles = names + aggregates.map(\.name)
      let kept = results.filter { row in having(query, titles, row) }
      let byKey = sorted(kept, names.indices.map { ($0, .ascending) })
      let terms = query.orders.map { (titles.firstIndex(of: $0.name)!, $0.direction) }
      return cut(sorted(byKey, terms), query)
    }
  }

  private func having(_ query: Query, _ titles: [String], _ row: [Value]) -> Bool {
    guard let condition = query.having else { return true }
    let columns = titles.map { (name: $0, type: DataType.string, isNullable: true) }
    let results = RowOracle(schema: try! Schema(columns, sortKeyCount: 1), rows: [])
    return results.truth(condition, row) == true
  }

  private func cut(_ rows: [[Value]], _ query: Query) -> [[Value]] {
    Array(rows.prefix(query.limit ?? rows.count))
  }

  /// Insertion by scanning: stable, and unlike what it checks.
  private func sorted(_ rows: [[Value]], _ terms: [(Int, Query.Direction)]) -> [[Value]] {
    if terms.isEmpty { return rows }
    var result: [[Value]] = []
    for row in rows {
      let place = result.firstIndex { other in
        for (position, direction) in terms where !isSame(row[position], other[position]) {
          return row[position].precedes(other[position]) == (direction == .ascending)
        }
        return false
      }
      result.insert(row, at: place ?? result.count)
    }
    return result
  }

  private func groups(
    _ rows: [[Value]], _ names: [String], _ aggregates: [Query.NamedAggregate]
  ) -> [[Value]] {
    let positions = names.map { schema.index(of: $0)! }
    var members: [[Value]: [[Value]]] = names.isEmpty ? [[]: []] : [:]
    for row in rows { members[positions.map { canonical(row[$0]) }, default: []].append(row) }
    return members.map { key, rows in
      key.map(restored) + aggregates.map { figure($0.aggregate, rows) }
    }
  }

  /// NaN differs from itself, so a dictionary needs another name for it.
  private func canonical(_ value: Value) -> Value {
    if case .floating(let number) = value, number.isNaN { return .string("\u{0}NaN") }
    return value
  }

  private func restored(_ value: Value) -> Value {
    value == .string("\u{0}NaN") ? .floating(.nan) : value
  }

  private func figure(_ aggregate: Aggregate, _ rows: [[Value]]) -> Value {
    if case .filtered(let inner, let condition) = aggregate {
      return figure(inner, rows.filter { truth(condition, $0) == true })
    }
    if case .computed(let function, let value) = aggregate {
      let numbers = rows.compactMap { NaiveNumber(value, $0, schema) }
      return figure(function, numbers, of: value)
    }
    guard let name = aggregate.columnName else { return .integer(Int128(rows.count)) }
    let column = schema.index(of: name)!
    let values = rows.map { $0[column] }.filter { !$0.isNull }
    switch aggregate {
    case .countAll, .count, .computed, .filtered: return .integer(Int128(values.count))
    case .countDistinct, .approximateCountDistinct:
      return .integer(Int128(Set(values.map(canonical)).count))
    case .min:
      return values.reduce(.null) { $0.isNull || $1.precedes($0) ? $1 : $0 }
    case .max:
      return values.reduce(.null) { $0.isNull || $0.precedes($1) ? $1 : $0 }
    case .sum: return values.isEmpty ? .null : sum(values)
    case .average:
      guard !values.isEmpty else { return .null }
      switch sum(values) {
      case .integer(let total):
        var unit = 1.0
        if case .decimal(_, let scale) = schema.columns[column].type {
          unit = Double(powerOfTen(scale))
        }
        return .floating(Double(total) / unit / Double(values.count))
      case .floating(let total): return .floating(total / Double(values.count))
      default: return .null
      }
    }
  }

  private func figure(
    _ function: Aggregate.Function, _ numbers: [NaiveNumber], of value: Expression
  ) -> Value {
    guard let scale = numbers.first?.scale else { return .null }
    let values = numbers.map(\.value)
    switch function {
    case .sum: return sum(values)
    case .min: return values.reduce(values[0]) { $1.precedes($0) ? $1 : $0 }
    case .max: return values.reduce(values[0]) { $0.precedes($1) ? $1 : $0 }
    case .average:
      switch sum(values) {
      case .integer(let total):
        return .floating(Double(total) / Double(powerOfTen(scale)) / Double(values.count))
      case .floating(let total): return .floating(total / Double(values.count))
      default: return .null
      }
    }
  }

  private func sum(_ values: [Value]) -> Value {
    values.reduce(nil as Value?) { total, value in
      switch (total, value) {
      case (.integer(let a), .integer(let b)): .integer(a + b)
      case (.floating(let a), .floating(let b)): .floating(a + b)
      default: value
      }
    } ?? .null
  }
}

/// Equal in the sort order: NaN is itself, and the zeros are one.
func isSame(_ a: Value, _ b: Value) -> Bool { !a.precedes(b) && !b.precedes(a) }

/// As `isSame`, but for the rounding of sums added in another order.
func isClose(_ a: Value, _ b: Value) -> Bool {
  if case .floating(let x) = a, case .floating(let y) = b, x.isFinite, y.isFinite {
    return abs(x - y) <= 1e-9 * max(1, abs(x))
  }
  return isSame(a, b)
}
