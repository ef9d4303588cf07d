import StorageBase
import TabletModel

/// A byte range of a log file.
struct LogPosition: Hashable, Sendable {
  let file: UInt32
  let offset: UInt64
}

/// Where a segment's bytes are.
enum SegmentPlacement: Hashable, Sendable {
  /// In `data/<tablet>/<rowset>-<ordinal>.seg`.
  case file(byteCount: Int)
  /// Inside a commit record.
  case inline(LogPosition, byteCount: Int)

  var byteCount: Int {
    switch self {
    case .file(let count), .inline(_, let count): count
    }
  }
}

/// The durable description of a rowset.
struct RowsetMeta: Hashable, Sendable {
  let entry: RowsetEntry
  /// Those of rows, then those of deltas.
  let segments: [SegmentPlacement]

  /// In the place of the versions of a rowset that has not been committed.
  static let noVersions = VersionRange(Version(0), Version(0))

  /// The same rowset as a version of its tablet.
  func published(as version: Version, at now: Timestamp) -> RowsetMeta {
    var summary = entry.summary
    summary.versions = VersionRange(version, version)
    summary.createdAt = now
    return RowsetMeta(entry: RowsetEntry(id: entry.id, summary: summary), segments: segments)
  }
}

/// Persistent tags: never change or reuse one.
private enum PlacementTag: UInt8 {
  case file = 1
  case inline = 2
}

extension RowsetMeta {
  /// Persistent bits.
  private enum Flag {
    static let overlap: UInt8 = 1
    static let deltas: UInt8 = 2
  }

  /// - Parameter position: how to write the place of an inline segment: its bytes (in a commit
  ///   record) or a reference (in a checkpoint).
  func encode(
    into writer: inout ByteWriter, inline: (inout ByteWriter, Int, LogPosition) -> Void
  ) {
    let summary = entry.summary
    writer.append(entry.id.rawValue)
    writer.append(summary.versions.first.rawValue)
    writer.append(summary.versions.last.rawValue)
    writer.append(summary.createdAt.rawValue)
    writer.appendVarint(UInt64(summary.rowCount))
    writer.appendVarint(UInt64(summary.mergeDepth))
    writer.append(
      (summary.segmentsOverlap ? Flag.overlap : 0) | (summary.deltaCount > 0 ? Flag.deltas : 0))
    writer.appendVarint(UInt64(segments.count))
    if summary.deltaCount > 0 { writer.appendVarint(UInt64(summary.deltaCount)) }
    for (ordinal, placement) in segments.enumerated() {
      switch placement {
      case .file(let byteCount):
        writer.append(PlacementTag.file.rawValue)
        writer.appendVarint(UInt64(byteCount))
      case .inline(let position, let byteCount):
        writer.append(PlacementTag.inline.rawValue)
        writer.appendVarint(UInt64(byteCount))
        inline(&writer, ordinal, position)
      }
    }
  }

  /// A reference to an inline segment, as a checkpoint holds it.
  static func encodeReference(_ writer: inout ByteWriter, _: Int, _ position: LogPosition) {
    writer.append(position.file)
    writer.append(position.offset)
  }

  /// - Parameter inline: reads what `encode`'s parameter of that name wrote, given the byte count.
  static func decode(
    from reader: inout ByteReader, inline: (inout ByteReader, Int) throws -> LogPosition
  ) throws -> RowsetMeta {
    let id = RowsetID(rawValue: try reader.readOrdinal("rowset id"))
    let first = try reader.readVersion("first version")
    let last = try reader.readVersion("last version")
    guard first <= last else {
      throw reader.corrupt("rowset versions", expected: "first <= last", found: "\(first)-\(last)")
    }
    let createdAt = try reader.readTimestamp("creation time")
    let rowCount = try reader.readCount("rowset rows", atMost: Int(Int32.max) << 16)
    let mergeDepth = try reader.readCount("merge depth", atMost: Int(Int32.max))
    let flags = try reader.read(UInt8.self, "rowset flags")
    guard flags & ~(Flag.overlap | Flag.deltas) == 0 else {
      throw reader.corrupt("rowset flags", expected: "0 to 3", found: "\(flags)")
    }
    let segmentCount = try reader.readCount("segment count", atMost: 1 << 20)
    let deltaCount =
      flags & Flag.deltas == 0 ? 0 : try reader.readCount("delta count", atMost: segmentCount)
    var segments: [SegmentPlacement] = []
    for _ in 0..<segmentCount {
      let tag = try reader.read(UInt8.self, "segment placement")
      // A million of them still have a sum.
      let byteCount = try reader.readCount("segment bytes", atMost: 1 << 40)
      switch PlacementTag(rawValue: tag) {
      case .file: segments.append(.file(byteCount: byteCount))
      case .inline: segments.append(.inline(try inline(&reader, byteCount), byteCount: byteCount))
      case nil: throw reader.corrupt("segment placement", expected: "1 or 2", found: "\(tag)")
      }
    }
    let summary = RowsetSummary(
      versions: VersionRange(first, last), byteCount: segments.reduce(0) { $0 + $1.byteCount },
      rowCount: rowCount, segmentCount: segmentCount, deltaCount: deltaCount,
      segmentsOverlap: flags & Flag.overlap != 0,
      mergeDepth: mergeDepth, createdAt: createdAt)
    return RowsetMeta(entry: RowsetEntry(id: id, summary: summary), segments: segments)
  }

  static func decodeReference(_ reader: inout ByteReader, _: Int) throws -> LogPosition {
    let file = try reader.read(UInt32.self, "log file number")
    return LogPosition(file: file, offset: try reader.read(UInt64.self, "log offset"))
  }
}
