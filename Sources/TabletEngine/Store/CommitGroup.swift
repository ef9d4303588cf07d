import StorageBase
import StorageIO
import TabletModel

/// Requests that become durable together: the catalogue they lead to and the log payload that
/// says so. A request that does not fit throws and leaves the group as it was.
struct CommitGroup {
  private(set) var catalogue: Catalogue
  private(set) var payload = ByteWriter()
  /// Rowsets that nothing needs once the group is durable.
  private(set) var swept: [Rowset] = []
  private let store: Store
  private let payloadStart: LogPosition
  private let now: Timestamp

  init(catalogue: Catalogue, store: Store, payload position: LogPosition) {
    self.catalogue = catalogue
    self.store = store
    payloadStart = position
    now = store.clock.now()
  }

  mutating func add(_ request: CommitRequest) throws -> CommitReceipt {
    do {
      switch request {
      case .createTable(let definition): return try createTable(definition)
      case .load(let load): return try add(load)
      case .compact(let output): return try add(output)
      case .sweep(let tablet, let rowsets): return try sweep(rowsets, of: tablet)
      }
    } catch let refusal as EditRefusal {
      throw StorageError.invalidArgument(
        name: "commit", value: store.path, reason: refusal.description)
    }
  }

  private mutating func createTable(_ definition: TableDefinition) throws -> CommitReceipt {
    guard catalogue[definition.name] == nil else {
      throw StorageError.alreadyExists(kind: "table", name: definition.name)
    }
    let firstTablet = catalogue.nextTabletID
    let creation = TableCreation(
      id: TableID(rawValue: catalogue.nextTableID), definition: definition, createdAt: now,
      tablets: (0..<definition.bucketCount).map { bucket in
        TableCreation.Tablet(
          id: TabletID(rawValue: firstTablet + UInt64(bucket)),
          initialRowset: store.newRowsetID())
      })
    for tablet in creation.tablets {
      try store.files.createDirectory(store.layout.tabletDirectory(tablet.id))
    }
    try store.files.syncDirectory(store.layout.dataDirectory, cause: .log)
    catalogue.add(TableSnapshot(creation, files: store.files))
    LogRecord.createTable(creation).encode(into: &payload)
    return CommitReceipt(sequence: 0, versions: [:], byteCount: 0, rowCount: 0)
  }

  private mutating func add(_ load: PreparedLoad) throws -> CommitReceipt {
    var next = catalogue
    next.commitSequence += 1
    var parts: [LoadCommit.Part] = []
    var versions: [TabletID: Version] = [:]
    var record = ByteWriter()
    // The offset of inline bytes is known only once the record around them is laid out, so the
    // record is encoded first, and the rowsets are built from the offsets it reports.
    for part in load.parts {
      guard let tablet = next.tablet(part.tablet) else {
        throw EditRefusal("there is no tablet \(part.tablet)")
      }
      let count = tablet.state.componentCount
      guard count < store.options.tabletVersionCountMax else {
        throw StorageError.tooManyVersions(
          table: load.tableName, tablet: part.tablet, count: count,
          limit: store.options.tabletVersionCountMax)
      }
      let version = tablet.version.next
      versions[part.tablet] = version
      parts.append(LoadCommit.Part(tablet: part.tablet, rowset: part.meta(version, at: now)))
    }
    let commit = LoadCommit(
      sequence: next.commitSequence, at: now, label: load.label, parts: parts)
    var offsets = parts.map { [Int](repeating: 0, count: $0.rowset.segments.count) }
    LogRecord.commit(commit).encode(into: &record) { part, segment, offset in
      offsets[part][segment] = offset
      guard case .inline(let bytes) = load.parts[part].segments[segment] else { return [] }
      return bytes
    }
    for (index, part) in parts.enumerated() {
      let places = offsets[index].map {
        LogPosition(
          file: payloadStart.file, offset: payloadStart.offset + UInt64(payload.count + $0))
      }
      let meta = part.rowset.placingInline(at: places)
      let rowset = store.makeRowset(
        meta, tablet: part.tablet, inline: load.parts[index].segments.map(\.inlineBytes))
      try next.apply(.publish(meta.entry), to: part.tablet, added: rowset)
    }
    catalogue = next
    payload.append(contentsOf: record.bytes)
    return CommitReceipt(
      sequence: commit.sequence, versions: versions, byteCount: load.byteCount,
      rowCount: load.rowCount)
  }

  private mutating func add(_ merged: CompactionOutput) throws -> CommitReceipt {
    let commit = CompactionCommit(
      tablet: merged.tablet, kind: merged.kind, cumulativePoint: merged.cumulativePoint, at: now,
      inputs: merged.inputs, output: merged.output)
    let rowset = store.makeRowset(merged.output, tablet: merged.tablet, inline: [])
    try catalogue.apply(commit.edit, to: merged.tablet, added: rowset)
    LogRecord.compact(commit).encode(into: &payload)
    return CommitReceipt(
      sequence: 0, versions: [:], byteCount: merged.output.entry.summary.byteCount,
      rowCount: merged.output.entry.summary.rowCount)
  }

  /// Sweeps those of `rowsets` that nobody has swept meanwhile.
  private mutating func sweep(
    _ rowsets: [RowsetID], of tablet: TabletID
  ) throws -> CommitReceipt {
    let stale = catalogue.tablet(tablet)?.stale ?? [:]
    let remaining = rowsets.filter { stale[$0] != nil }
    if !remaining.isEmpty {
      try catalogue.apply(.sweep(remaining), to: tablet, added: nil)
      swept.append(contentsOf: remaining.compactMap { stale[$0] })
      LogRecord.sweep(tablet: tablet, rowsets: remaining).encode(into: &payload)
    }
    return CommitReceipt(
      sequence: 0, versions: [:], byteCount: 0, rowCount: 0)
  }
}

extension CompactionCommit {
  var edit: TabletEdit {
    .replace(
      inputs: inputs, output: output.entry, kind: kind, cumulativePoint: cumulativePoint, at: at)
  }
}

extension PreparedLoad.Segment {
  fileprivate var inlineBytes: [UInt8]? {
    if case .inline(let bytes) = self { bytes } else { nil }
  }
}

extension PreparedLoad.Part {
  /// The description of the rowset as `version`; inline segments have no place yet.
  fileprivate func meta(_ version: Version, at now: Timestamp) -> RowsetMeta {
    let placements = segments.map { segment -> SegmentPlacement in
      switch segment {
      case .file(let byteCount): .file(byteCount: byteCount)
      case .inline(let bytes):
        .inline(LogPosition(file: 0, offset: 0), byteCount: bytes.count)
      }
    }
    let summary = RowsetSummary(
      versions: VersionRange(version, version),
      byteCount: placements.reduce(0) { $0 + $1.byteCount }, rowCount: rowCount,
      segmentCount: segments.count, segmentsOverlap: segmentsOverlap, createdAt: now)
    return RowsetMeta(entry: RowsetEntry(id: rowset, summary: summary), segments: placements)
  }
}

extension RowsetMeta {
  /// The same with inline segments placed; `places` is by segment, ignored for files.
  fileprivate func placingInline(at places: [LogPosition]) -> RowsetMeta {
    RowsetMeta(
      entry: entry,
      segments: zip(segments, places).map { placement, place in
        switch placement {
        case .file: placement
        case .inline(_, let byteCount): .inline(place, byteCount: byteCount)
        }
      })
  }
}
