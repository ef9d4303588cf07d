/// A row of a unique-key table as far as its key is concerned.
struct KeyedRow: Hashable, Sendable {
  let id: Int
  let key: Int
  /// The greater wins; the same for all rows where there is no sequence column.
  let sequence: Int
  let isDeletion: Bool

  /// What is left of some rows of one load: of each key the one with the greatest sequence, or the
  /// last of them.
  static func newest(_ rows: some Sequence<KeyedRow>) -> [KeyedRow] {
    var newest: [Int: KeyedRow] = [:]
    for row in rows {
      if let known = newest[row.key], known.sequence > row.sequence { continue }
      newest[row.key] = row
    }
    return newest.values.sorted { $0.key < $1.key }
  }
}
