import StorageBase
import TabletModel

extension VersionHistory {
  func encode(into writer: inout ByteWriter) {
    let entries = entries
    writer.appendVarint(UInt64(entries.count))
    for entry in entries {
      writer.append(entry.version.rawValue)
      writer.append(entry.sequence)
      writer.append(entry.at.rawValue)
    }
  }

  init(decoding reader: inout ByteReader) throws {
    let count = try reader.readCount("history length", atMost: 1 << 25)
    var entries: [Entry] = []
    for _ in 0..<count {
      entries.append(
        Entry(
          version: try reader.readVersion("history version"),
          sequence: try reader.readOrdinal("history commit"),
          at: try reader.readTimestamp("history time")))
    }
    guard !entries.isEmpty else {
      throw reader.corrupt("history", expected: "at least the newest version", found: "nothing")
    }
    self.init(entries)
  }

  /// Of a tablet of which nothing but its rowsets is known.
  init(of rowsets: [RowsetEntry], lastCommit: UInt64) {
    self.init([
      Entry(
        version: rowsets.last?.summary.versions.last ?? .initial, sequence: lastCommit,
        at: rowsets.map(\.summary.createdAt).max() ?? Timestamp(rawValue: 0))
    ])
  }
}
