import ScanKernels
import StorageBase

/// Joins rows with those of a dimension that have their keys.
struct LookupTransform: RowTransform {
  struct Key {
    let place: Int
    let cast: ColumnCast
  }

  let join: LookupJoin
  let dimension: any DimensionLookup
  /// In the order of the dimension's key.
  let keys: [Key]
  /// The columns of the source that the keys are made of.
  let keyOrigins: [Int]
  /// Positions in the dimension's columns.
  let columns: [Int]
  /// For each column what a row without a match has; null unless the policy has values.
  let fillers: [Value]
  let outputSchema: Schema
  var counters: StepCounters
  var cache: LookupCache

  var origins: [[Int]] {
    let first = outputSchema.columns.count - columns.count
    return (0..<first).map { [$0] } + columns.map { _ in keys.map(\.place) }
  }

  mutating func apply(
    _ batch: StreamBatch, at now: Timestamp, rejected: inout [RejectedRow]
  ) throws -> StreamBatch {
    // All goes at once: which rows are asked for again is then as even as the keys are.
    if cache.keyCount > join.cacheRowsMax || cache.byteCount > join.cacheBytesMax {
      cache.removeAll()
    }
    let keyVectors = keys.map { key in
      key.cast.apply(batch.rows.columns[key.place].widened()).vector
    }
    let isPresent = Bitmap.full(count: batch.rowCount)
    for vector in keyVectors { if let nulls = vector.nulls { isPresent.subtract(nulls) } }
    let selected = isPresent.rowIDs()
    let numbers = cache.numbers(selected, of: keyVectors)
    try load(selected, numbers, keyVectors, now)
    let found = cache.found(numbers)
    var fate = RowFate(batch)
    let unmatched = missingRows(selected, found, count: batch.rowCount)
    // A row that says nothing of the keys is not looked up.
    let missing = batch.rows(having: keyOrigins).map { unmatched.intersection($0) } ?? unmatched
    try handle(missing, batch, &fate, &rejected)
    var result = batch.rows.columns
    for index in columns.indices {
      let compact = cache.column(index, of: numbers, isFound: found)
      var vector = spread(compact, selected, count: batch.rowCount)
      if !fillers[index].isNull { vector = vector.setting(missing, to: fillers[index]) }
      result.append(vector)
    }
    return fate.remaining(result, outputSchema, &counters)
  }

  private mutating func load(
    _ selected: [UInt32], _ numbers: [UInt32], _ keyVectors: [ColumnVector], _ now: Timestamp
  ) throws {
    let oldest =
      join.timeToLive.map { now.rawValue.subtractingReportingOverflow($0) }
      .map { $0.overflow ? .min : $0.partialValue } ?? .min
    let asked = cache.asked(selected, numbers, oldest: oldest)
    counters.cacheMisses += asked.rows.count
    counters.cacheHits += selected.count - asked.rows.count
    if asked.rows.isEmpty { return }
    do {
      let rows = try dimension.find(
        keyVectors.map { $0.gather(asked.rows) }, rowCount: asked.rows.count, columns: columns)
      cache.put(rows, for: asked.numbers, at: now.rawValue)
    } catch {
      // What was asked for is not known; a caller that tries again asks again.
      cache.removeAll()
      throw error
    }
  }

  private func missingRows(_ selected: [UInt32], _ found: Bitmap, count: Int) -> Bitmap {
    let missing = Bitmap.full(count: count)
    let matched = Bitmap(count: count)
    found.forEachSet { matched.set(Int(selected[$0])) }
    missing.subtract(matched)
    return missing
  }

  private mutating func handle(
    _ missing: Bitmap, _ batch: StreamBatch, _ fate: inout RowFate,
    _ rejected: inout [RejectedRow]
  ) throws {
    if missing.isEmpty { return }
    switch join.miss {
    case .null: break
    case .values: counters.valuesFixed += missing.setCount
    case .drop: fate.drop(missing, &counters)
    case .divert:
      let (name, shown) = (join.dimension, keyShower(batch))
      fate.divert(missing, by: counters.name, to: &rejected, &counters) {
        "\(name) has no row for \(shown($0))"
      }
    case .fail:
      let row = Int(missing.rowIDs()[0])
      throw StorageError.invalidArgument(
        name: "lookup", value: counters.name,
        reason: "\(join.dimension) has no row for \(keyShower(batch)(row)), which came from "
          + "\(batch.partition) at \(batch.offset(of: row)); load it, or choose another policy for "
          + "misses")
    }
  }

  /// Tells the keys of a row, as reasons show them.
  private func keyShower(_ batch: StreamBatch) -> (Int) -> String {
    let places = keys.map(\.place)
    return { row in
      places.map { place in
        let column = batch.schema.columns[place]
        let value = batch.rows.columns[place][row]
        return "\(column.name) \(value.isNull ? "null" : column.type.format(value))"
      }.joined(separator: ", ")
    }
  }

  /// Values of some rows as a column for all, null for the others.
  private func spread(
    _ vector: ColumnVector, _ selected: [UInt32], count: Int
  ) -> ColumnVector {
    if selected.count == count { return vector }
    let nulls = ColumnVector.constant(.null, type: vector.type, count: count)
    return nulls.replacing(selected, with: vector, at: Array(0..<UInt32(selected.count)))
  }
}

extension StepBinder {
  mutating func lookup(_ join: LookupJoin) -> (any RowTransform)? {
    guard let dimension = resources.dimensions[join.dimension] else {
      mistakes.append(
        "dimension \(join.dimension) is not there; "
          + Self.remedy(join.dimension, resources.dimensions.keys.sorted()))
      return nil
    }
    let keys = dimension.keyColumns.map { key(join, $0) }
    for pair in join.keys where !dimension.keyColumns.contains(where: { $0.name == pair.dimension })
    {
      mistakes.append(
        "\(pair.dimension) is not of the key of \(join.dimension); "
          + "it is \(dimension.keyColumns.map(\.name).joined(separator: ", "))")
    }
    var output = input.columns.map { (name: $0.name, type: $0.type, isNullable: $0.isNullable) }
    var (places, fillers): ([Int], [Value]) = ([], [])
    for pair in join.columns {
      guard let place = dimension.columns.firstIndex(where: { $0.name == pair.dimension }) else {
        mistakes.append(
          "\(join.dimension) has no column \(pair.dimension); "
            + Self.remedy(pair.dimension, dimension.columns.map(\.name)))
        continue
      }
      let column = dimension.columns[place]
      let filler = filler(join, pair.stream, column.type)
      places.append(place)
      fillers.append(filler)
      output.append((pair.stream, column.type, isNullable(join, column, filler)))
    }
    check(join)
    guard let schema = schema(output), mistakes.isEmpty else { return nil }
    return LookupTransform(
      join: join, dimension: dimension, keys: keys.compactMap { $0 },
      keyOrigins: keys.flatMap { key in key.map { origins[$0.place] } ?? [] }, columns: places,
      fillers: fillers, outputSchema: schema, counters: StepCounters(name: step.name),
      cache: LookupCache(
        keyColumns: dimension.keyColumns, types: places.map { dimension.columns[$0].type }))
  }

  private mutating func check(_ join: LookupJoin) {
    if join.cacheRowsMax < 0 || join.cacheBytesMax < 0 {
      mistakes.append("a cache holds nothing or something")
    }
    if let time = join.timeToLive, time < 0 { mistakes.append("a time to live is not negative") }
    if case .values(let values) = join.miss {
      for name in values.keys.sorted() where !join.columns.contains(where: { $0.stream == name }) {
        mistakes.append("a value for \(name), which the lookup does not add")
      }
    }
  }

  private func isNullable(_ join: LookupJoin, _ column: Column, _ filler: Value) -> Bool {
    switch join.miss {
    case .null: true
    case .values: column.isNullable || filler.isNull
    case .drop, .divert, .fail: column.isNullable
    }
  }

  private mutating func filler(_ join: LookupJoin, _ name: String, _ type: DataType) -> Value {
    guard case .values(let values) = join.miss, let literal = values[name] else { return .null }
    return bound(name) { try ConstantValue.value(of: literal, as: type) } ?? .null
  }

  private mutating func key(_ join: LookupJoin, _ column: Column) -> LookupTransform.Key? {
    guard let pair = join.keys.first(where: { $0.dimension == column.name }) else {
      mistakes.append("nothing is said of \(column.name), which is of the key of \(join.dimension)")
      return nil
    }
    guard let place = index(of: pair.stream, "key") else { return nil }
    let type = input.columns[place].type
    guard let cast = ColumnCast(from: type, to: column.type) else {
      mistakes.append(
        "\(pair.stream) is a \(type), which does not compare with the \(column.type) \(column.name)"
      )
      return nil
    }
    return LookupTransform.Key(place: place, cast: cast)
  }
}
