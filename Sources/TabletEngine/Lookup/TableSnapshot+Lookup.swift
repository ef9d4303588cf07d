import ScanKernels
import SegmentFormat
import StorageBase

extension TableSnapshot {
  /// The rows of keys, exactly as this snapshot has them.
  ///
  /// Tables with a `hash` index find a row in one probe, if the snapshot is as new as the index;
  /// what the index does not know any more, and the keys of other tables, are looked for in the
  /// segments. Each page that holds a row is read once for each column. Thread-safe.
  /// - Parameters:
  ///   - keys: the key columns of the table, in any form; the keys in any order, with repetitions
  ///     if need be. Null is a key like any other where the column may be null.
  ///   - columns: names of the columns to read; nil for all.
  /// - Throws: `StorageError.invalidArgument` when the keys of the table are not unique, or the
  ///   vectors are not those of its key columns; `unknownName` for a column; what reading throws.
  public func lookup(
    _ keys: [ColumnVector], columns names: [String]? = nil
  ) throws -> LookupResult {
    let keys = try soughtKeys(keys)
    let schema = definition.schema
    let wanted = try names.map { try $0.map(schema.requireIndex) }
    let locations = try locate(keys, opensIndex: true)
    let found = Bitmap(count: keys.count)
    for (key, segment) in locations.segmentNumbers.enumerated()
    where segment != KeyLocations.none { found.set(key) }
    return LookupResult(
      found: found, rowCount: found.setCount,
      columns: try RowGathering(
        definition: definition, columns: wanted ?? Array(schema.columns.indices)
      ).columns(at: locations))
  }

  /// The rows of keys as `lookup` finds them, to be read later: each of them once, in the order in
  /// which a scan meets them. A `hash` index that has to be built first is used only once the keys
  /// that were looked for without it have cost as much. Thread-safe.
  /// - Parameter keys: as of `lookup`.
  /// - Throws: as `lookup`.
  public func find(_ keys: [ColumnVector]) throws -> FoundRows {
    let locations = try locate(soughtKeys(keys), opensIndex: false)
    var stretches = RowPlaces(locations).stretches.map(\.withoutRepetitions)
    if stretches.count > 1 {
      let order = Dictionary(
        uniqueKeysWithValues: tablets.flatMap(\.segments).enumerated()
          .map { (ObjectIdentifier($1), $0) })
      func position(_ segment: RowsetSegment) -> Int {
        order[ObjectIdentifier(segment), default: 0]
      }
      stretches.sort { position($0.segment) < position($1.segment) }
    }
    return try FoundRows(
      stretches, definition, columnCount: definition.schema.columns.count, holding: self)
  }

  /// Checks vectors and makes them keys.
  private func soughtKeys(_ vectors: [ColumnVector]) throws -> SoughtKeys {
    let schema = definition.schema
    func refuse(_ value: String, _ reason: String) -> StorageError {
      .invalidArgument(name: "keys of table \(definition.name)", value: value, reason: reason)
    }
    guard definition.uniqueKeys != nil else {
      throw refuse("\(schema.keysModel)", "rows are looked up in tables whose keys are unique")
    }
    let keyColumns = Array(schema.columns[..<schema.sortKeyCount])
    guard vectors.map(\.type) == keyColumns.map(\.type),
      vectors.allSatisfy({ $0.count == vectors[0].count })
    else {
      throw refuse(
        "\(vectors.map { "\($0.count) \($0.type)" })",
        "they are columns of \(keyColumns.map { "\($0.type)" }), equally long")
    }
    for (vector, column) in zip(vectors, keyColumns)
    where !column.isNullable && (vector.nulls?.setCount ?? 0) > 0 {
      throw refuse("null", "column \(column.name) has none")
    }
    return SoughtKeys(columns: vectors.map { $0.widened() }, keyColumns: keyColumns)
  }

  /// Where the rows of keys are.
  private func locate(_ keys: SoughtKeys, opensIndex: Bool) throws -> KeyLocations {
    guard tablets.count > 1 else { return try tablets[0].locate(keys, opensIndex: opensIndex) }
    // Distribution columns of unique-key tables are key columns.
    let byBucket = BucketHash(definition: definition)
      .rowsByBucket(keys.columns, rowCount: keys.count)
    var all = KeyLocations(count: keys.count)
    for (tablet, own) in zip(tablets, byBucket) where !own.isEmpty {
      let part = SoughtKeys(
        columns: own.count == keys.count ? keys.columns : keys.columns.map { $0.gather(own) },
        keyColumns: keys.keyColumns)
      all.merge(try tablet.locate(part, opensIndex: opensIndex), at: own)
    }
    return all
  }
}

extension TabletSnapshot {
  /// Where the rows of keys are that readers of this snapshot see.
  fileprivate func locate(_ sought: SoughtKeys, opensIndex: Bool) throws -> KeyLocations {
    if let index = keys?.index {
      var locations = try index.locate(sought, in: self, opensIndex: opensIndex)
      locations.patch(in: self)
      return locations
    }
    var locations = KeyLocations(count: sought.count)
    try sought.search(in: self, into: &locations)
    return locations
  }
}
