import SegmentFormat
import StorageBase

extension TableSnapshot {
  /// The row of one key, exactly as this snapshot has it; nil when there is none.
  ///
  /// For one row or few: nothing is made of it before somebody asks for a value, while `lookup`
  /// makes columns. With a `hash` index and a row store of all columns that is a probe, and the
  /// bytes of the row where they lie; without a row store, a page of each column. Thread-safe.
  /// - Parameter key: a value of each key column, in their order, of its type: see `Value`.
  /// - Throws: `StorageError.invalidArgument` when the keys of the table are not unique, or the
  ///   values are not those of its key columns; what reading throws.
  public func row(forKey key: [Value]) throws -> TableRow? {
    guard definition.uniqueKeys != nil else { throw refusal(of: key) }
    let schema = definition.schema
    guard key.count == schema.sortKeyCount else { throw refusal(of: key) }
    for position in 0..<key.count {
      guard schema.columns[position].type.holds(key[position]),
        schema.columns[position].isNullable || !key[position].isNull
      else { throw refusal(of: key) }
    }
    let bucket = tablets.count > 1 ? definition.bucket(ofKey: key) : 0
    guard let location = try tablets[bucket].locate(key, in: schema) else { return nil }
    let rows = try SegmentRows.of(location.segment, definition)
    if let patched = tablets[bucket].patches(of: location.segment),
      patched.contains(row: location.row)
    {
      return try rows.row(location.row, cache: location.segment.rowCache, patched: patched)
    }
    return try rows.row(location.row, cache: location.segment.rowCache)
  }

  private func refusal(of key: [Value]) -> StorageError {
    let schema = definition.schema
    guard definition.uniqueKeys != nil else {
      return .invalidArgument(
        name: "key of table \(definition.name)", value: "\(schema.keysModel)",
        reason: "rows are looked up in tables whose keys are unique")
    }
    let columns = schema.columns[..<schema.sortKeyCount]
      .map { "\($0.name) \($0.type)\($0.isNullable ? "" : " not null")" }
    return .invalidArgument(
      name: "key of table \(definition.name)", value: "\(key)",
      reason: "it is \(columns.joined(separator: ", "))")
  }
}

extension TabletSnapshot {
  /// Where the row of a key is that readers of this snapshot see.
  fileprivate func locate(_ key: [Value], in schema: Schema) throws -> RowLocation? {
    switch try keys?.index?.find(key, in: self) ?? .unknown {
    case .row(let location): return location
    case .none: return nil
    case .unknown: break
    }
    var locations = KeyLocations(count: 1)
    try SoughtKeys(key, of: schema).search(in: self, into: &locations)
    return locations[0]
  }
}
