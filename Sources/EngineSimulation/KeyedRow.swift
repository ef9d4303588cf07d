/// A row that a load of a unique-key table brings, as far as its key is concerned.
struct KeyedRow: Hashable, Sendable {
  let id: Int
  let key: Int
  /// The greater wins; 0 for all rows where there is no sequence column, nil where the row does not
  /// give it.
  let sequence: Int?
  let isDeletion: Bool
  /// The columns that it gives, by their numbers; nil for all.
  var given: Set<Int>?

  func gives(_ column: Int) -> Bool { given?.contains(column) ?? true }

  /// What is left of some whole rows of one load: of each key the one with the greatest sequence,
  /// or the last of them.
  static func newest(_ rows: some Sequence<KeyedRow>) -> [KeyedRow] {
    var newest: [Int: KeyedRow] = [:]
    for row in rows {
      if let known = newest[row.key], (known.sequence ?? 0) > (row.sequence ?? 0) { continue }
      newest[row.key] = row
    }
    return newest.values.sorted { $0.key < $1.key }
  }
}

/// What a tablet has of a key: a row whose columns may come from several loads, or a deletion.
struct KeyedState: Hashable, Sendable {
  var sequence: Int
  var isDeletion: Bool
  /// By the numbers of columns: the id of the row that gave it; none where nobody has.
  var origins: [Int: Int]
}

/// What a version of a tablet does to its keys.
enum KeyedVersion: Sendable {
  /// Whole rows, of each load one of a key. Rows of several clients have no order.
  case whole([KeyedRow])
  /// Rows that update those of their keys one after the other.
  case partial([KeyedRow])
  /// These states were found and have been deleted.
  case deleted([Int: KeyedState])

  /// Rows that are stored for it at most.
  var rowCount: Int {
    switch self {
    case .whole(let rows): rows.count
    case .partial(let rows): Set(rows.map(\.key)).count
    case .deleted(let states): states.count
    }
  }
}
