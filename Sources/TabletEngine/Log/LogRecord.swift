import StorageBase
import TabletModel

/// One entry of the commit log (see FORMAT.md).
enum LogRecord: Hashable, Sendable {
  case createTable(TableCreation)
  case commit(LoadCommit)
  case compact(CompactionCommit)
  case sweep(tablet: TabletID, rowsets: [RowsetID])
}

struct TableCreation: Hashable, Sendable {
  let id: TableID
  let definition: TableDefinition
  let createdAt: Timestamp
  /// Per bucket, the tablet and its empty first rowset.
  let tablets: [Tablet]

  struct Tablet: Hashable, Sendable {
    let id: TabletID
    let initialRowset: RowsetID
  }
}

struct LoadCommit: Hashable, Sendable {
  let sequence: UInt64
  let at: Timestamp
  let label: String
  let parts: [Part]

  struct Part: Hashable, Sendable {
    let tablet: TabletID
    let rowset: RowsetMeta
  }
}

struct CompactionCommit: Hashable, Sendable {
  let tablet: TabletID
  let kind: CompactionKind
  let cumulativePoint: Version
  let at: Timestamp
  let inputs: [RowsetID]
  let output: RowsetMeta
}

/// Persistent tags: never change or reuse one.
private enum RecordTag: UInt8 {
  case createTable = 1
  case commit = 2
  case compact = 3
  case sweep = 4
  /// With filters and indexes; a table without them keeps the first form, so that programs before
  /// this one can read it.
  case createIndexedTable = 5
}

extension LogRecord {
  /// Appends the record. Inline segments are written with their bytes, which `inlineBytes` gives
  /// by part and segment ordinal; it is told the offset in `writer` where they begin.
  func encode(
    into writer: inout ByteWriter,
    inlineBytes: (_ part: Int, _ segment: Int, _ offset: Int) -> [UInt8] = { _, _, _ in [] }
  ) {
    switch self {
    case .createTable(let creation):
      let isIndexed = creation.definition.needsPruningSection
      writer.append((isIndexed ? RecordTag.createIndexedTable : .createTable).rawValue)
      creation.definition.encode(
        into: &writer, id: creation.id, hasPruningSection: isIndexed)
      writer.append(creation.createdAt.rawValue)
      for tablet in creation.tablets {
        writer.append(tablet.id.rawValue)
        writer.append(tablet.initialRowset.rawValue)
      }
    case .commit(let commit):
      writer.append(RecordTag.commit.rawValue)
      writer.append(commit.sequence)
      writer.append(commit.at.rawValue)
      writer.append(commit.label)
      writer.appendVarint(UInt64(commit.parts.count))
      for (index, part) in commit.parts.enumerated() {
        writer.append(part.tablet.rawValue)
        part.rowset.encode(into: &writer) { writer, segment, _ in
          writer.append(contentsOf: inlineBytes(index, segment, writer.count))
        }
      }
    case .compact(let compaction):
      writer.append(RecordTag.compact.rawValue)
      writer.append(compaction.tablet.rawValue)
      writer.append(compaction.kind.rawValue)
      writer.append(compaction.cumulativePoint.rawValue)
      writer.append(compaction.at.rawValue)
      writer.appendVarint(UInt64(compaction.inputs.count))
      for input in compaction.inputs { writer.append(input.rawValue) }
      compaction.output.encode(into: &writer) { _, _, _ in
        preconditionFailure("a compaction writes files")
      }
    case .sweep(let tablet, let rowsets):
      writer.append(RecordTag.sweep.rawValue)
      writer.append(tablet.rawValue)
      writer.appendVarint(UInt64(rowsets.count))
      for rowset in rowsets { writer.append(rowset.rawValue) }
    }
  }

  /// - Parameter file: the number of the log file; inline segments are placed at the reader's
  ///   offset in it.
  static func decode(from reader: inout ByteReader, file: UInt32) throws -> LogRecord {
    let tag = try reader.read(UInt8.self, "record kind")
    switch RecordTag(rawValue: tag) {
    case .createTable:
      return .createTable(try TableCreation.decode(from: &reader, hasPruningSection: false))
    case .createIndexedTable:
      return .createTable(try TableCreation.decode(from: &reader, hasPruningSection: true))
    case .commit: return .commit(try LoadCommit.decode(from: &reader, file: file))
    case .compact: return .compact(try CompactionCommit.decode(from: &reader))
    case .sweep:
      let tablet = TabletID(rawValue: try reader.readOrdinal("tablet id"))
      return .sweep(tablet: tablet, rowsets: try decodeRowsetIDs(from: &reader))
    case nil: throw reader.corrupt("record kind", expected: "1 to 5", found: "\(tag)")
    }
  }

  fileprivate static func decodeRowsetIDs(from reader: inout ByteReader) throws -> [RowsetID] {
    let count = try reader.readCount("rowset count", atMost: Limits.mergeInputCountMax)
    var ids: [RowsetID] = []
    for _ in 0..<count { ids.append(RowsetID(rawValue: try reader.readOrdinal("rowset id"))) }
    return ids
  }
}

extension TableCreation {
  fileprivate static func decode(
    from reader: inout ByteReader, hasPruningSection: Bool
  ) throws -> TableCreation {
    let (id, definition) = try TableDefinition.decode(
      from: &reader, hasPruningSection: hasPruningSection)
    let createdAt = try reader.readTimestamp("creation time")
    var tablets: [Tablet] = []
    for _ in 0..<definition.bucketCount {
      let tablet = TabletID(rawValue: try reader.readOrdinal("tablet id"))
      let rowset = RowsetID(rawValue: try reader.readOrdinal("rowset id"))
      tablets.append(Tablet(id: tablet, initialRowset: rowset))
    }
    return TableCreation(id: id, definition: definition, createdAt: createdAt, tablets: tablets)
  }
}

extension LoadCommit {
  fileprivate static func decode(
    from reader: inout ByteReader, file: UInt32
  ) throws -> LoadCommit {
    let sequence = try reader.readOrdinal("commit sequence")
    let time = try reader.readTimestamp("commit time")
    let label = try reader.readString("label", atMost: Limits.nameByteCountMax)
    let count = try reader.readCount("tablet count", atMost: 1 << 20)
    var parts: [Part] = []
    for _ in 0..<count {
      let tablet = TabletID(rawValue: try reader.readOrdinal("tablet id"))
      let rowset = try RowsetMeta.decode(from: &reader) { reader, byteCount in
        let position = LogPosition(file: file, offset: reader.offset)
        _ = try reader.readBytes(byteCount, "inline segment")
        return position
      }
      parts.append(Part(tablet: tablet, rowset: rowset))
    }
    return LoadCommit(sequence: sequence, at: time, label: label, parts: parts)
  }
}

extension CompactionCommit {
  fileprivate static func decode(from reader: inout ByteReader) throws -> CompactionCommit {
    let tablet = TabletID(rawValue: try reader.readOrdinal("tablet id"))
    let kindTag = try reader.read(UInt8.self, "compaction kind")
    guard let kind = CompactionKind(rawValue: kindTag) else {
      throw reader.corrupt("compaction kind", expected: "1 to 3", found: "\(kindTag)")
    }
    let point = try reader.readVersion("cumulative point")
    let time = try reader.readTimestamp("compaction time")
    let inputs = try LogRecord.decodeRowsetIDs(from: &reader)
    let output = try RowsetMeta.decode(from: &reader) { reader, _ in
      throw reader.corrupt("compaction output", expected: "files", found: "an inline segment")
    }
    return CompactionCommit(
      tablet: tablet, kind: kind, cumulativePoint: point, at: time, inputs: inputs,
      output: output)
  }
}
