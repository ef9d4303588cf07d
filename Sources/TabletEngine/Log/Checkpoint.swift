import StorageBase
import StorageIO
import TabletModel

/// The state of all tablets at the beginning of a log file (see FORMAT.md).
struct Checkpoint: Sendable {
  static let magic: [UInt8] = Array("SEDCKPT\0".utf8)
  /// Tables have no filters and indexes.
  static let plainVersion: UInt32 = 1
  /// Tables have no properties, and there are no transactions.
  static let pruningVersion: UInt32 = 2
  /// Tablets have no history: nobody can ask for states before the checkpoint.
  static let transactionVersion: UInt32 = 3
  /// Tablets have no deletes.
  static let historyVersion: UInt32 = 4
  /// Tablets have no deltas.
  static let deleteVersion: UInt32 = 5
  /// No partial load waits for its decision.
  static let deltaVersion: UInt32 = 6
  /// The version that is written.
  static let version: UInt32 = 7

  /// The first log file to replay after it; also the checkpoint's own number.
  var firstLog: UInt32
  var commitSequence: UInt64
  var nextFrame: UInt64
  var nextTableID: UInt32
  var nextTabletID: UInt64
  var nextRowsetID: UInt64
  var tables: [Table]
  var transactions = TransactionSection()
  var groupRows: [GroupRowsSection] = []

  struct Table: Sendable {
    var id: TableID
    var definition: TableDefinition
    var createdAt: Timestamp
    var tablets: [Tablet]
  }

  struct Tablet: Sendable {
    var state: TabletState
    /// By rowset, visible and stale.
    var placements: [RowsetID: [SegmentPlacement]]
    /// By rowset and ordinal of the segment; only of unique-key tables.
    var deletes: [RowsetID: [Int: DeleteHistory]]
    /// Which rows have new values in which deltas.
    var patches: [PatchedRowsRecord.Part]
  }

  /// Bytes that are written and synced at a time: the log's syncs beside it wait for no more.
  private static let pieceByteCount = 1 << 20

  /// Writes the checkpoint so that it is either there whole or not at all.
  /// - Parameter betweenPieces: called now and then, at least every few milliseconds of a disk.
  func write(
    _ files: any FileSystem, layout: StoreLayout, storeID: UInt64,
    betweenPieces: () throws -> Void = {}
  ) throws {
    let path = layout.checkpoint(firstLog)
    let bytes = encoded(storeID: storeID)
    let file = try files.create(path + ".tmp", cause: .checkpoint)
    for start in stride(from: 0, to: bytes.count, by: Self.pieceByteCount) {
      let end = min(bytes.count, start + Self.pieceByteCount)
      try bytes.withUnsafeBytes {
        try file.append(UnsafeRawBufferPointer(rebasing: $0[start..<end]))
      }
      try file.sync()
      try betweenPieces()
    }
    try files.rename(path + ".tmp", to: path)
    try files.syncDirectory(layout.checkpointDirectory, cause: .checkpoint)
  }

  static func read(
    _ files: any FileSystem, layout: StoreLayout, storeID: UInt64, number: UInt32
  ) throws -> Checkpoint {
    let path = layout.checkpoint(number)
    let file = try files.openForReading(path, cause: .checkpoint)
    let bytes = try file.read(at: 0, count: Int(file.byteCount))
    return try bytes.withUnsafeBytes { try decode($0, path: path, storeID: storeID) }
  }

  func encoded(storeID: UInt64) -> [UInt8] {
    var writer = ByteWriter()
    writer.append(contentsOf: Self.magic)
    writer.append(Self.version)
    writer.append(UInt32(0))
    writer.append(storeID)
    writer.append(firstLog)
    writer.append(commitSequence)
    writer.append(nextFrame)
    writer.append(nextTableID)
    writer.append(nextTabletID)
    writer.append(nextRowsetID)
    writer.appendVarint(UInt64(tables.count))
    for table in tables {
      table.definition.encode(into: &writer, id: table.id)
      writer.append(table.createdAt.rawValue)
      for tablet in table.tablets { tablet.encode(into: &writer) }
    }
    transactions.encode(into: &writer)
    GroupRowsSection.encode(groupRows, into: &writer)
    writer.appendChecksum()
    return writer.bytes
  }

  private static func decode(
    _ bytes: UnsafeRawBufferPointer, path: String, storeID: UInt64
  ) throws -> Checkpoint {
    try verifyWhole(bytes, path: path)
    var reader = ByteReader(bytes, file: path)
    guard try reader.readBytes(8, "magic").elementsEqual(magic) else {
      throw reader.corrupt("magic", expected: "SEDCKPT", found: "something else")
    }
    let format = try reader.read(UInt32.self, "format")
    guard format <= version else {
      throw StorageError.unsupportedFormat(
        file: path, found: "\(format)", supported: "up to \(version)")
    }
    _ = try reader.read(UInt32.self, "reserved")
    let owner = try reader.read(UInt64.self, "store id")
    guard owner == storeID else {
      throw reader.corrupt("store id", expected: "\(storeID)", found: "\(owner)")
    }
    var checkpoint = Checkpoint(
      firstLog: try reader.readSmallOrdinal("first log"),
      commitSequence: try reader.readOrdinal("commit sequence"),
      nextFrame: try reader.readOrdinal("next frame"),
      nextTableID: try reader.readSmallOrdinal("next table id"),
      nextTabletID: try reader.readOrdinal("next tablet id"),
      nextRowsetID: try reader.readOrdinal("next rowset id"), tables: [])
    let tableCount = try reader.readCount("table count", atMost: 1 << 20)
    for _ in 0..<tableCount {
      let (id, definition) = try TableDefinition.decode(from: &reader, form(of: format))
      let createdAt = try reader.readTimestamp("creation time")
      var tablets: [Tablet] = []
      for _ in 0..<definition.bucketCount {
        let lastCommit = format <= transactionVersion ? checkpoint.commitSequence : nil
        var tablet = try Tablet.decode(from: &reader, lastCommit: lastCommit)
        if format > historyVersion { try tablet.decodeDeletes(from: &reader) }
        if format > deleteVersion { try tablet.decodePatches(from: &reader) }
        tablets.append(tablet)
      }
      checkpoint.tables.append(
        Table(id: id, definition: definition, createdAt: createdAt, tablets: tablets))
    }
    if format > pruningVersion {
      checkpoint.transactions = try TransactionSection(
        decoding: &reader, hasPartialLoads: format > deltaVersion)
      checkpoint.groupRows = try GroupRowsSection.decode(from: &reader)
    }
    _ = try reader.read(UInt32.self, "checksum")
    try reader.requireEnd("checkpoint")
    return checkpoint
  }

  private static func form(of format: UInt32) -> TableDefinition.Form {
    switch format {
    case ...plainVersion: .plain
    case pruningVersion: .pruning
    default: .properties
    }
  }

  /// Checks the checksum at the end before anything is believed.
  private static func verifyWhole(_ bytes: UnsafeRawBufferPointer, path: String) throws {
    var reader = ByteReader(bytes, file: path)
    _ = try reader.readBytes(max(0, bytes.count - 4), "checkpoint")
    try reader.verifyChecksum("checkpoint")
  }
}

extension Checkpoint.Tablet {
  fileprivate static let kinds: [CompactionKind] = [.cumulative, .base, .full]

  fileprivate func encode(into writer: inout ByteWriter) {
    writer.append(state.id.rawValue)
    writer.append(state.cumulativePoint.rawValue)
    for kind in Self.kinds { writer.append(state.lastSuccessAt[kind]?.rawValue ?? -1) }
    func append(_ entry: RowsetEntry) {
      RowsetMeta(entry: entry, segments: placements[entry.id] ?? [])
        .encode(into: &writer, inline: RowsetMeta.encodeReference)
    }
    writer.appendVarint(UInt64(state.rowsets.count))
    for entry in state.rowsets { append(entry) }
    writer.appendVarint(UInt64(state.stale.count))
    for stale in state.stale {
      append(stale.entry)
      writer.append(stale.since.rawValue)
    }
    state.history.encode(into: &writer)
    encodeDeletes(into: &writer)
    PatchedRowsRecord.encode(patches, into: &writer)
  }

  /// - Parameter lastCommit: when there is no history, the last commit that the state may contain.
  fileprivate static func decode(
    from reader: inout ByteReader, lastCommit: UInt64?
  ) throws -> Checkpoint.Tablet {
    let id = TabletID(rawValue: try reader.readOrdinal("tablet id"))
    let point = try reader.readVersion("cumulative point")
    var lastSuccessAt: [CompactionKind: Timestamp] = [:]
    for kind in kinds {
      let time = try reader.readTimestamp("last success")
      if time.rawValue >= 0 { lastSuccessAt[kind] = time }
    }
    var placements: [RowsetID: [SegmentPlacement]] = [:]
    func readEntry(_ reader: inout ByteReader) throws -> RowsetEntry {
      let meta = try RowsetMeta.decode(from: &reader, inline: RowsetMeta.decodeReference)
      placements[meta.entry.id] = meta.segments
      return meta.entry
    }
    var rowsets: [RowsetEntry] = []
    let rowsetCount = try reader.readCount("rowset count", atMost: 1 << 24)
    for _ in 0..<rowsetCount { rowsets.append(try readEntry(&reader)) }
    var stale: [TabletState.Stale] = []
    let staleCount = try reader.readCount("stale rowset count", atMost: 1 << 24)
    for _ in 0..<staleCount {
      let entry = try readEntry(&reader)
      let since = try reader.readTimestamp("stale since")
      stale.append(TabletState.Stale(entry: entry, since: since))
    }
    let history =
      try lastCommit.map { VersionHistory(of: rowsets, lastCommit: $0) }
      ?? VersionHistory(decoding: &reader)
    let state = TabletState(
      id: id, rowsets: rowsets, stale: stale, cumulativePoint: point,
      lastSuccessAt: lastSuccessAt, history: history)
    guard state.check().isEmpty else {
      throw reader.corrupt(
        "tablet \(id)", expected: "valid versions", found: state.check().joined(separator: "; "))
    }
    return Checkpoint.Tablet(state: state, placements: placements, deletes: [:], patches: [])
  }
}
