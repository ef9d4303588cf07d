import StorageBase
import TabletModel

/// Rowsets that compactions have replaced and that are kept for a while.
///
/// A value whose copies share what they have in common, since each compaction makes one while
/// readers hold those before: parts that are never changed, each more than twice as large as the
/// next (the logarithmic method of Bentley and Saxe, J. Algorithms 1(4), 1980). Adding costs
/// O(log n) for each rowset on average, finding O(log n), removing O(n). Thread-safe as an array
/// is.
struct StaleRowsets: Sendable {
  private var parts: [[RowsetID: Rowset]] = []

  init() {}

  init(_ rowsets: some Sequence<Rowset>) { insert(contentsOf: rowsets) }

  var count: Int { parts.reduce(0) { $0 + $1.count } }

  var isEmpty: Bool { parts.isEmpty }

  /// In no order.
  var values: [Rowset] { parts.flatMap(\.values) }

  subscript(id: RowsetID) -> Rowset? {
    for part in parts {
      if let rowset = part[id] { return rowset }
    }
    return nil
  }

  mutating func insert(contentsOf rowsets: some Sequence<Rowset>) {
    var part = Dictionary(rowsets.map { ($0.id, $0) }) { $1 }
    while let last = parts.last, last.count <= 2 * part.count {
      part.merge(parts.removeLast()) { own, _ in own }
    }
    if !part.isEmpty { parts.append(part) }
  }

  mutating func remove(_ ids: Set<RowsetID>) {
    self = StaleRowsets(values.filter { !ids.contains($0.id) })
  }
}
