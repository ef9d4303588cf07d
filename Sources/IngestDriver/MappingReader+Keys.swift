import ConfigReading
import TabletEngine
import Yams

extension MappingReader {
  /// What says that keys are unique, and how they are kept so.
  mutating func readUniqueKeys(
    _ keys: [String: Node], _ columns: [InputMapping.ColumnMapping]
  ) -> UniqueKeyOptions? {
    var isUnique = false
    if let node = keys["keys"] {
      isUnique = node.string == "unique"
      if !isUnique, node.string != "duplicate" {
        complain(node, "keys is \(shown(node)); expected unique or duplicate")
        isUnique = true
      }
    }
    var options = UniqueKeyOptions()
    func read<Choice>(_ key: String, _ keyPath: WritableKeyPath<UniqueKeyOptions, Choice>)
    where Choice: RawRepresentable<String> & CaseIterable {
      guard let node = keys[key] else { return }
      guard let choice = node.string.flatMap({ Choice(rawValue: $0) }) else {
        let known = Choice.allCases.map(\.rawValue).joined(separator: " or ")
        return complain(node, "\(key) is \(shown(node)); expected \(known)")
      }
      options[keyPath: keyPath] = choice
    }
    read("merge", \.merge)
    read("key_index", \.index)
    read("partial_updates", \.partialUpdates)
    if let node = keys["sequence_column"] {
      options.sequenceColumn = names(node, "sequence_column", columns)?.first
    }
    for key in ["merge", "key_index", "sequence_column", "partial_updates"] where !isUnique {
      if let node = keys[key] { complain(node, "\(key) needs keys: unique") }
    }
    return isUnique ? options : nil
  }

  /// `all` or a list of columns.
  mutating func readRowStore(
    _ node: Node?, _ columns: [InputMapping.ColumnMapping]
  ) -> InputMapping.RowStore? {
    guard let node else { return nil }
    if node.string == "all" { return .all }
    return names(node, "row_store", columns).map { .columns($0) }
  }
}
