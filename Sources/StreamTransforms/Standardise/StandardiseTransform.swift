import ScanKernels
import StorageBase

/// Brings columns into the form that `FieldStandard` says.
struct StandardiseTransform: RowTransform {
  struct Field {
    let standard: FieldStandard
    let place: Int
    let cast: ColumnCast
    let markers: Set<[UInt8]>
    /// Nil to leave nulls.
    let filler: Value?
  }

  let fields: [Field]
  let outputSchema: Schema
  var counters: StepCounters

  mutating func apply(
    _ batch: StreamBatch, at now: Timestamp, rejected: inout [RejectedRow]
  ) throws -> StreamBatch {
    var fate = RowFate(batch)
    var columns = batch.rows.columns
    for field in fields {
      let original = columns[field.place]
      let result = field.cast.apply(cleaned(original, field))
      if let failed = result.failed {
        handle(failed, field, original, &fate, &rejected)
      }
      columns[field.place] = filled(result.vector, field.filler)
    }
    return fate.remaining(columns, outputSchema, &counters)
  }

  private func cleaned(_ vector: ColumnVector, _ field: Field) -> ColumnVector {
    var vector = vector
    if field.standard.trim { vector = vector.cut { TextParts.trimmed($0) } }
    if !field.markers.isEmpty {
      let marked = Bitmap(count: vector.count)
      let lengths = Set(field.markers.map(\.count))
      let texts = TextLanes(vector)
      for row in 0..<vector.count where !vector.isNull(row) {
        let bytes = texts[row]
        // Most values are of another length, and none of those needs a copy.
        if lengths.contains(bytes.count), field.markers.contains(Array(bytes)) { marked.set(row) }
      }
      vector = vector.with(moreNulls: marked)
    }
    switch field.standard.letterCase {
    case nil: break
    case .lower: vector = vector.inCase(first: UInt8(ascii: "A"))
    case .upper: vector = vector.inCase(first: UInt8(ascii: "a"))
    }
    return vector
  }

  private mutating func handle(
    _ failed: Bitmap, _ field: Field, _ original: ColumnVector, _ fate: inout RowFate,
    _ rejected: inout [RejectedRow]
  ) {
    switch field.standard.onFailure {
    case .drop: fate.drop(failed, &counters)
    case .null, .useDefault: counters.valuesFixed += failed.setCount
    case .divert:
      let (source, target) = (field.cast.source, field.cast.target)
      fate.divert(failed, by: counters.name, to: &rejected, &counters) { row in
        "\(field.standard.source) is \"\(source.format(original[row]))\", which is no \(target)"
      }
    }
  }

  private mutating func filled(_ vector: ColumnVector, _ filler: Value?) -> ColumnVector {
    guard let filler, let nulls = vector.nulls else { return vector }
    return vector.setting(nulls, to: filler)
  }
}

extension StepBinder {
  mutating func standardise(_ fields: [FieldStandard]) -> (any RowTransform)? {
    var columns = input.columns.map {
      (name: $0.name, type: $0.type, isNullable: $0.isNullable)
    }
    var bound: [StandardiseTransform.Field] = []
    var taken = Set<Int>()
    for field in fields {
      guard let place = index(of: field.source) else { continue }
      if !taken.insert(place).inserted {
        mistakes.append("column \(field.source) is standardised twice")
      }
      guard let made = self.field(field, at: place) else { continue }
      let isNullable =
        columns[place].isNullable || !field.nullMarkers.isEmpty || field.onFailure == .null
      columns[place] = (field.column, made.cast.target, isNullable && made.filler == nil)
      bound.append(made)
    }
    guard let schema = schema(columns) else { return nil }
    return StandardiseTransform(
      fields: bound, outputSchema: schema, counters: StepCounters(name: step.name))
  }

  private mutating func field(
    _ field: FieldStandard, at place: Int
  ) -> StandardiseTransform.Field? {
    let source = input.columns[place].type
    let target = field.type ?? source
    let needsText = field.trim || field.letterCase != nil || !field.nullMarkers.isEmpty
    if needsText, source != .string {
      mistakes.append("\(field.source) is a \(source); trim, case and null markers are for texts")
    }
    let patterns = field.patterns.compactMap { text in bound(field.column) { try DatePattern(text) }
    }
    if !field.patterns.isEmpty, target != .date, target != .datetime {
      mistakes.append("\(field.column): formats are for dates and datetimes, not a \(target)")
    }
    guard let cast = ColumnCast(from: source, to: target, patterns: patterns) else {
      mistakes.append("\(field.column): a \(source) does not become a \(target)")
      return nil
    }
    if field.onFailure == .useDefault, field.defaultText == nil {
      mistakes.append("\(field.column): there is no default to take the place of failures")
    }
    var filler: Value?
    if let text = field.defaultText {
      filler = bound("\(field.column): default") {
        try ConstantValue.value(of: .string(text), as: target)
      }
    }
    return StandardiseTransform.Field(
      standard: field, place: place, cast: cast,
      markers: Set(field.nullMarkers.map { Array($0.utf8) }), filler: filler)
  }
}
