import StorageBase
import TabletModel

/// One entry of the commit log (see FORMAT.md).
enum LogRecord: Hashable, Sendable {
  case createTable(TableCreation)
  case commit(LoadCommit)
  case compact(CompactionCommit)
  case sweep(tablet: TabletID, rowsets: [RowsetID])
  case precommit(LoadPrecommit)
  case decide(TransactionDecision)
  /// Transaction ids below it may have been given out.
  case reserveTransactions(below: TransactionID)
  case groupRows(GroupRowsRecord)
  case alterTable(TableAlteration)
  case repair(RepairCommit)
  case deleteRows(DeletedRowsRecord)
  case patchRows(PatchedRowsRecord)
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
  /// Nil in the records of the first programs.
  var transaction: TransactionID?
  let sequence: UInt64
  let at: Timestamp
  let label: String
  let parts: [Part]
  /// The rows of group loads that it contains.
  var covered: GroupRowsCover?

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
enum RecordTag: UInt8 {
  case createTable = 1
  case commit = 2
  case compact = 3
  case sweep = 4
  /// With filters and indexes.
  case createIndexedTable = 5
  case precommit = 6
  case decide = 7
  case reserveTransactions = 8
  /// With its transaction and what it covers of group loads.
  case commitTransaction = 9
  case groupRows = 10
  /// With filters, indexes and properties: the form that is written.
  case createTableWithProperties = 11
  case alterTable = 12
  case deletedRows = 13
  case patchedRows = 14
  /// Of rows that are completed once they are decided.
  case precommitPartial = 15
  case repair = 32
}

/// Gives the bytes of an inline segment, by part and segment ordinal, and is told at which offset
/// of the writer they begin.
typealias InlineBytes = (_ part: Int, _ segment: Int, _ offset: Int) -> [UInt8]

extension LogRecord {
  /// Appends the record; inline segments are written with the bytes that `inlineBytes` gives.
  func encode(
    into writer: inout ByteWriter, inlineBytes: InlineBytes = { _, _, _ in [] }
  ) {
    switch self {
    case .createTable(let creation):
      writer.append(RecordTag.createTableWithProperties.rawValue)
      creation.definition.encode(into: &writer, id: creation.id)
      writer.append(creation.createdAt.rawValue)
      for tablet in creation.tablets {
        writer.append(tablet.id.rawValue)
        writer.append(tablet.initialRowset.rawValue)
      }
    case .commit(let commit): commit.encode(into: &writer, inlineBytes: inlineBytes)
    case .precommit(let load): load.encode(into: &writer, inlineBytes: inlineBytes)
    case .decide(let decision): decision.encode(into: &writer)
    case .reserveTransactions(let end):
      writer.append(RecordTag.reserveTransactions.rawValue)
      writer.append(end.rawValue)
    case .groupRows(let rows): rows.encode(into: &writer) { inlineBytes(0, 0, $0) }
    case .alterTable(let alteration): alteration.encode(into: &writer)
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
    case .repair(let repair):
      writer.append(RecordTag.repair.rawValue)
      repair.encode(into: &writer)
    case .deleteRows(let rows): rows.encode(into: &writer)
    case .patchRows(let rows): rows.encode(into: &writer)
    }
  }

  /// - Parameter file: the number of the log file; inline segments are placed at the reader's
  ///   offset in it.
  static func decode(from reader: inout ByteReader, file: UInt32) throws -> LogRecord {
    let tag = try reader.read(UInt8.self, "record kind")
    switch RecordTag(rawValue: tag) {
    case .createTable:
      return .createTable(try TableCreation.decode(from: &reader, .plain))
    case .createIndexedTable:
      return .createTable(try TableCreation.decode(from: &reader, .pruning))
    case .createTableWithProperties:
      return .createTable(try TableCreation.decode(from: &reader, .properties))
    case .commit:
      return .commit(try LoadCommit.decode(from: &reader, file: file, hasTransaction: false))
    case .commitTransaction:
      return .commit(try LoadCommit.decode(from: &reader, file: file, hasTransaction: true))
    case .precommit, .precommitPartial:
      return .precommit(
        try LoadPrecommit.decode(
          from: &reader, file: file, isPartial: tag == RecordTag.precommitPartial.rawValue))
    case .decide: return .decide(try TransactionDecision.decode(from: &reader))
    case .reserveTransactions:
      let end = try reader.readOrdinal("end of the reserved transaction ids")
      return .reserveTransactions(below: TransactionID(rawValue: end))
    case .groupRows: return .groupRows(try GroupRowsRecord.decode(from: &reader, file: file))
    case .alterTable: return .alterTable(try TableAlteration.decode(from: &reader))
    case .compact: return .compact(try CompactionCommit.decode(from: &reader))
    case .sweep:
      let tablet = TabletID(rawValue: try reader.readOrdinal("tablet id"))
      return .sweep(tablet: tablet, rowsets: try decodeRowsetIDs(from: &reader))
    case .repair: return .repair(try RepairCommit.decode(from: &reader))
    case .deletedRows: return .deleteRows(try DeletedRowsRecord.decode(from: &reader))
    case .patchedRows: return .patchRows(try PatchedRowsRecord.decode(from: &reader))
    case nil: throw reader.corrupt("record kind", expected: "1 to 15 or 32", found: "\(tag)")
    }
  }

  static func decodeRowsetIDs(from reader: inout ByteReader) throws -> [RowsetID] {
    let count = try reader.readCount("rowset count", atMost: Limits.mergeInputCountMax)
    var ids: [RowsetID] = []
    for _ in 0..<count { ids.append(RowsetID(rawValue: try reader.readOrdinal("rowset id"))) }
    return ids
  }
}

extension TableCreation {
  fileprivate static func decode(
    from reader: inout ByteReader, _ form: TableDefinition.Form
  ) throws -> TableCreation {
    let (id, definition) = try TableDefinition.decode(from: &reader, form)
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
