import IngestDriver
import StorageBase

extension InputMapping {
  /// Where the columns of the source's table are in a row, unless somebody says it.
  private var usualRows: JSONPath {
    let paths = columns.compactMap(\.path).map { Array($0.steps.dropLast()) }
    for steps: [JSONPath.Step] in [[.member("payload"), .member("after")], [.member("after")]]
    where paths.contains(steps) {
      return JSONPath(steps)
    }
    return JSONPath([])
  }

  /// The columns as a source of such rows has them that tells of changes.
  /// - Parameter rows: where the columns of its table are; nil to tell by the paths.
  /// - Throws: `StorageError.invalidArgument` for rows that are not lines of JSON.
  func rowColumns(at rows: JSONPath?) throws -> RowColumns {
    guard let json, !json.hasOuterArray else {
      throw StorageError.invalidArgument(
        name: "schema_changes", value: "rows that are not lines of JSON",
        reason: "changes of columns are JSON objects between them; leave schema_changes out")
    }
    let places = Self.places(of: rows ?? usualRows)
    return RowColumns(
      columns.enumerated().map { place, column in
        var sourceName: String?
        if let path = column.path, case .member(let name)? = path.steps.last,
          places.contains(Array(path.steps.dropLast()))
        {
          sourceName = name
        }
        return RowColumns.Column(
          name: column.name, sourceName: sourceName, type: column.type,
          isNullable: column.isNullable, defaultValue: column.defaultValue, origin: place)
      }, schema: schema)
  }

  /// The place itself, and that of the row as it was before where events have both.
  private static func places(of rows: JSONPath) -> [[JSONPath.Step]] {
    guard rows.steps.last == .member("after") else { return [rows.steps] }
    return [rows.steps, rows.steps.dropLast() + [.member("before")]]
  }

  /// The mapping of rows whose columns have changed.
  func with(_ columns: RowColumns, at rows: JSONPath?) throws -> InputMapping {
    guard columns.isChanged else { return self }
    let rows = rows ?? usualRows
    return try InputMapping(
      json: json,
      columns: columns.columns.map { column in
        let first = column.origin.map { self.columns[$0] }
        var source = first?.source
        if let name = column.sourceName {
          let place = first?.path.map { Array($0.steps.dropLast()) } ?? rows.steps
          source = .path(JSONPath(place + [.member(name)]))
        }
        return ColumnMapping(
          name: column.name, type: column.type, isNullable: column.isNullable, source: source,
          format: first?.format ?? .standard, defaultValue: column.defaultValue)
      })
  }
}

extension InputMapping.ColumnMapping {
  /// Nil for a position.
  fileprivate var path: JSONPath? {
    switch source {
    case .path(let path): path
    case .header(let name): JSONPath(member: name)
    case .position: nil
    }
  }
}
