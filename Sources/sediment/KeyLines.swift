import StorageBase
import TabletEngine

extension TableDefinition {
  /// How the table keeps rows unique and whole, a line each; none for a table that does not.
  var keyLines: [String] {
    var lines: [String] = []
    if let keys = uniqueKeys {
      var line = "unique keys, merged \(keys.merge.rawValue)"
      if keys.merge == .onWrite { line += ", \(keys.index.rawValue) index" }
      line += keys.sequenceColumn.map { ", sequence column \($0)" } ?? ", the later row wins"
      if keys.partialUpdates == .delta { line += ", partial loads store what is given" }
      lines.append(line)
    }
    switch rowStore {
    case nil: break
    case .all: lines.append("row store of all columns")
    case .columns(let ids):
      let names = ids.compactMap { schema.index(of: $0) }.map { schema.columns[$0].name }
      lines.append("row store of \(names.joined(separator: ", "))")
    }
    return lines
  }
}

extension TabletSnapshot {
  /// How many of the rows of a table with unique keys are seen.
  var keyLine: String {
    let index = keyIndexMemory.map { ", index \($0.byteCount) bytes for \($0.keyCount) keys" } ?? ""
    do {
      return "\(try liveRowCount()) rows are seen, the others have been replaced or deleted"
        + index
    } catch {
      return "damaged: \(error)"
    }
  }
}
