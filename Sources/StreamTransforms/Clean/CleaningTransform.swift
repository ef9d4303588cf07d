import ScanKernels
import StorageBase

/// Holds rows to rules, one after the other; a rule sees what those before it have fixed. A rule of
/// a column is nothing to rows that lack it.
struct CleaningTransform: RowTransform {
  /// How rows that break a rule are found.
  enum Check {
    /// Those for which it is false.
    case condition(BoundRowExpression)
    case characters(CleaningRule.Characters)
    /// Microseconds before and after now.
    case time(past: Int64?, future: Int64?)
  }

  struct Rule {
    let rule: CleaningRule
    let place: Int?
    /// The columns of the source that the one at the place is made of.
    let origins: [Int]
    let check: Check
    let remedy: Remedy
  }

  enum Remedy {
    case drop
    case divert
    case value(Value)
    /// What is below the low end becomes it, all else the high one; nil for an open end.
    case ends(low: Value?, high: Value?)
    /// The ends of the time that the check allows.
    case time
    /// Texts of so many scalars.
    case cut(Int)
  }

  let rules: [Rule]
  let outputSchema: Schema
  var counters: StepCounters

  mutating func apply(
    _ batch: StreamBatch, at now: Timestamp, rejected: inout [RejectedRow]
  ) throws -> StreamBatch {
    var fate = RowFate(batch)
    var columns = batch.rows.columns
    for rule in rules {
      let rows = ColumnBatch(schema: batch.schema, rowCount: batch.rowCount, columns: columns)
      var evaluator = RowEvaluator(rows, now: now)
      var broken = fate.remaining(of: broken(rule, rows, &evaluator, now))
      if let having = batch.rows(having: rule.origins) { broken = broken.intersection(having) }
      if let failures = evaluator.failures {
        fate.divert(failures, by: rule.rule.name, to: &rejected, &counters) { _ in
          "a value of the condition does not fit its type"
        }
      }
      if broken.isEmpty { continue }
      switch rule.remedy {
      case .drop: fate.drop(broken, &counters)
      case .divert:
        fate.divert(broken, by: rule.rule.name, to: &rejected, &counters) {
          rule.reason(rows, $0)
        }
      case .value, .ends, .time, .cut:
        guard let place = rule.place else { continue }
        columns[place] = fixed(columns[place], broken, rule, now)
        counters.valuesFixed += broken.setCount
      }
    }
    return fate.remaining(columns, outputSchema, &counters)
  }

  private func broken(
    _ rule: Rule, _ rows: ColumnBatch, _ evaluator: inout RowEvaluator, _ now: Timestamp
  ) -> Bitmap {
    switch rule.check {
    case .condition(let condition): return evaluator.truth(condition).isFalse
    case .characters(let allowed):
      let vector = rows.columns[rule.place ?? 0]
      let (broken, texts) = (Bitmap(count: rows.rowCount), TextLanes(vector))
      for row in 0..<rows.rowCount
      where !vector.isNull(row) && !allowed.makeUp(texts[row]) { broken.set(row) }
      return broken
    case .time(let past, let future):
      let vector = rows.columns[rule.place ?? 0]
      let range = Self.range(past, future, now, vector.type)
      let broken = Bitmap(count: rows.rowCount)
      guard case .narrow(let lanes) = IntegerLanes(vector) else { return broken }
      let values = lanes.values(as: Int64.self)
      for row in 0..<rows.rowCount
      where !vector.isNull(row) && !range.contains(values[row]) { broken.set(row) }
      return broken
    }
  }

  /// In the units of the type: days or microseconds.
  private static func range(
    _ past: Int64?, _ future: Int64?, _ now: Timestamp, _ type: DataType
  ) -> ClosedRange<Int64> {
    let unit = type == .date ? ValueText.microsecondsPerDay : 1
    let low = past.map { now.rawValue.subtractingReportingOverflow($0) }
    let high = future.map { now.rawValue.addingReportingOverflow($0) }
    let first = low.map { $0.overflow ? .min : $0.partialValue.flooredDivision(by: unit) } ?? .min
    let last = high.map { $0.overflow ? .max : $0.partialValue.flooredDivision(by: unit) } ?? .max
    return first...max(first, last)
  }

  private func fixed(
    _ vector: ColumnVector, _ rows: Bitmap, _ rule: Rule, _ now: Timestamp
  ) -> ColumnVector {
    switch rule.remedy {
    case .drop, .divert: return vector
    case .value(let value): return vector.setting(rows, to: value)
    case .ends(let low, let high): return Self.clamped(vector, rows, low, high)
    case .time:
      guard case .time(let past, let future) = rule.check else { return vector }
      let range = Self.range(past, future, now, vector.type)
      return Self.clamped(
        vector, rows, .integer(Int128(range.lowerBound)), .integer(Int128(range.upperBound)))
    case .cut(let length):
      let cut = vector.cut { TextParts.scalars($0, start: 1, length: length) }
      let ids = rows.rowIDs()
      return vector.replacing(ids, with: cut, at: ids)
    }
  }

  private static func clamped(
    _ vector: ColumnVector, _ rows: Bitmap, _ low: Value?, _ high: Value?
  ) -> ColumnVector {
    let (below, above) = (Bitmap(count: rows.count), Bitmap(count: rows.count))
    rows.forEachSet { row in
      if let low, high == nil || vector[row].precedes(low) {
        below.set(row)
      } else {
        above.set(row)
      }
    }
    let raised = low.map { vector.setting(below, to: $0) } ?? vector
    return high.map { raised.setting(above, to: $0) } ?? raised
  }
}

extension CleaningTransform.Rule {
  /// What is wrong with a row.
  func reason(_ rows: ColumnBatch, _ row: Int) -> String {
    guard let place else { return "the condition is false" }
    let column = rows.schema.columns[place]
    if rows.columns[place].isNull(row) { return "\(column.name) is null" }
    let shown = column.type.format(rows.columns[place][row])
    return "\(column.name) is \"\(shown.prefix(Self.shownCountMax))\"; expected \(expectation)"
  }

  /// Characters of a value in a reason; the row has them all.
  private static let shownCountMax = 100

  private var expectation: String {
    switch rule.test {
    case .notNull: return "a value"
    case .range(let low, let high):
      return "\(low.map { "\($0)" } ?? "any") to \(high.map { "\($0)" } ?? "any")"
    case .length(let min, let max): return "\(min) to \(max) characters"
    case .oneOf(let members): return "one of \(members.map(\.description).joined(separator: ", "))"
    case .like(let pattern): return "something like \(pattern)"
    case .characters(let characters): return characters.rawValue
    case .within: return "a time near to now"
    case .satisfies: return "the condition to hold"
    }
  }
}

extension CleaningRule.Characters {
  /// Whether a text has no others.
  func makeUp(_ bytes: UnsafeRawBufferPointer) -> Bool {
    for byte in bytes {
      let isDigit = byte &- 0x30 < 10
      let isLetter = (byte | 0x20) &- 0x61 < 26
      let isAllowed =
        switch self {
        case .digits: isDigit
        case .letters: isLetter
        case .alphanumeric: isDigit || isLetter
        case .ascii: byte < 0x80
        case .printable: byte >= 0x20 && byte != 0x7F
        }
      if !isAllowed { return false }
    }
    return true
  }
}
