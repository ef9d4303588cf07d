import StorageBase
import TabletModel

/// A repair of any number of tablets, done as a whole or not at all.
struct RepairCommit: Hashable, Sendable {
  let at: Timestamp
  let parts: [Part]

  struct Part: Hashable, Sendable {
    let tablet: TabletID
    let repair: TabletRepair
    /// Of the rowsets that the repair brings in, all of which are in files.
    let placements: [RowsetID: [SegmentPlacement]]

    /// The rowsets that the repair brings in.
    var saved: [RowsetMeta] {
      repair.replacements.flatMap(\.successors).compactMap { successor in
        guard case .saved(let entry) = successor else { return nil }
        return RowsetMeta(entry: entry, segments: placements[entry.id] ?? [])
      }
    }
  }
}

/// Persistent tags: never change or reuse one.
private enum SuccessorTag: UInt8 {
  case saved = 1
  case reinstated = 2
}

extension RepairCommit {
  func encode(into writer: inout ByteWriter) {
    writer.append(at.rawValue)
    writer.appendVarint(UInt64(parts.count))
    for part in parts {
      writer.append(part.tablet.rawValue)
      writer.appendVarint(UInt64(part.repair.replacements.count))
      for replacement in part.repair.replacements {
        writer.append(replacement.damaged.rawValue)
        writer.appendVarint(UInt64(replacement.successors.count))
        for successor in replacement.successors { part.encode(successor, into: &writer) }
      }
      writer.appendVarint(UInt64(part.repair.dropped.count))
      for rowset in part.repair.dropped { writer.append(rowset.rawValue) }
    }
  }

  static func decode(from reader: inout ByteReader) throws -> RepairCommit {
    let time = try reader.readTimestamp("repair time")
    let count = try reader.readCount("tablet count", atMost: 1 << 20)
    var parts: [Part] = []
    for _ in 0..<count { parts.append(try Part.decode(from: &reader)) }
    return RepairCommit(at: time, parts: parts)
  }
}

extension RepairCommit.Part {
  fileprivate func encode(_ successor: TabletRepair.Successor, into writer: inout ByteWriter) {
    switch successor {
    case .saved(let entry):
      writer.append(SuccessorTag.saved.rawValue)
      RowsetMeta(entry: entry, segments: placements[entry.id] ?? [])
        .encode(into: &writer) { _, _, _ in preconditionFailure("a repair writes files") }
    case .reinstated(let rowset):
      writer.append(SuccessorTag.reinstated.rawValue)
      writer.append(rowset.rawValue)
    }
  }

  fileprivate static func decode(from reader: inout ByteReader) throws -> RepairCommit.Part {
    let tablet = TabletID(rawValue: try reader.readOrdinal("tablet id"))
    var placements: [RowsetID: [SegmentPlacement]] = [:]
    var repair = TabletRepair()
    let count = try reader.readCount("damaged rowset count", atMost: 1 << 24)
    for _ in 0..<count {
      let damaged = RowsetID(rawValue: try reader.readOrdinal("rowset id"))
      let successorCount = try reader.readCount(
        "successor count", atMost: Limits.mergeInputCountMax)
      var successors: [TabletRepair.Successor] = []
      for _ in 0..<successorCount {
        successors.append(try decodeSuccessor(from: &reader, &placements))
      }
      repair.replacements.append(
        TabletRepair.Replacement(damaged: damaged, successors: successors))
    }
    let droppedCount = try reader.readCount("dropped rowset count", atMost: 1 << 24)
    for _ in 0..<droppedCount {
      repair.dropped.append(RowsetID(rawValue: try reader.readOrdinal("rowset id")))
    }
    return RepairCommit.Part(tablet: tablet, repair: repair, placements: placements)
  }

  private static func decodeSuccessor(
    from reader: inout ByteReader, _ placements: inout [RowsetID: [SegmentPlacement]]
  ) throws -> TabletRepair.Successor {
    let tag = try reader.read(UInt8.self, "successor kind")
    switch SuccessorTag(rawValue: tag) {
    case .saved:
      let meta = try RowsetMeta.decode(from: &reader) { reader, _ in
        throw reader.corrupt("saved rowset", expected: "files", found: "an inline segment")
      }
      placements[meta.entry.id] = meta.segments
      return .saved(meta.entry)
    case .reinstated:
      return .reinstated(RowsetID(rawValue: try reader.readOrdinal("rowset id")))
    case nil: throw reader.corrupt("successor kind", expected: "1 or 2", found: "\(tag)")
    }
  }
}
