import CompactionPolicies
import SegmentFormat
import StorageBase
import StorageIO
import TabletModel

/// One compaction of one tablet, ready to run: a value that an executor runs on whatever thread.
struct CompactionJob: Sendable {
  let store: Store
  let policy: any CompactionPolicy
  /// The tablet when the pick was made; holds the inputs.
  let snapshot: TabletSnapshot
  let facts: TabletFacts
  let pick: CompactionPick
  let definition: TableDefinition
  /// Where the output comes from if it is not merged here.
  var fetch: CompactionFetch?
  /// Whether another replica has done the same.
  var isImitation = false

  /// What a finished job did.
  struct Outcome: Sendable {
    let output: RowsetSummary
    let work: PageWork
    /// Bytes of the output that are those of the inputs, and were not written again.
    let linkedByteCount: Int
    /// Pages of the output that were put into the cache before it was swapped in.
    let warmedPageCount: Int
    let inputs: [Rowset]
    let rowset: Rowset
    let moved: MovedRows?
  }

  private var inputs: [Rowset] {
    snapshot.rowsets.filter { pick.versions.contains($0.summary.versions) }
  }

  /// About how often `run` asks whether it is cancelled: pages of all columns, and of rows kept
  /// whole.
  var pageCount: Int {
    let rowCount = inputs.reduce(0) { $0 + $1.summary.rowCount }
    let rowsPerPage = definition.segmentOptions.rowsPerPage
    let copies = definition.schema.columns.count + (definition.rowStore == nil ? 0 : 1)
    return (rowCount + rowsPerPage - 1) / rowsPerPage * copies
  }

  /// Merges the inputs into files, or takes over theirs or those of another replica, makes them
  /// durable, and swaps them in.
  ///
  /// - Parameter isCancelled: asked once per page.
  /// - Throws: `StorageError`, `CancellationError`, or what fetching throws; nothing visible has
  ///   changed then.
  func run(isCancelled: () -> Bool) throws -> Outcome {
    let inputs = inputs
    let id = store.newRowsetID()
    let merged = try mergeOrRemove(inputs, id: id, isCancelled: isCancelled)
    let summary = RowsetSummary(
      versions: pick.versions, byteCount: merged.segments.reduce(0) { $0 + $1.byteCount },
      rowCount: merged.rowCount, segmentCount: merged.segments.count,
      deltaCount: merged.deltas.count, segmentsOverlap: false,
      mergeDepth: (inputs.map(\.summary.mergeDepth).max() ?? 0) + 1,
      createdAt: store.clock.now())
    let point = policy.cumulativePoint(after: pick, output: summary, in: facts)
    let rowset = store.makeRowset(
      RowsetMeta(
        entry: RowsetEntry(id: id, summary: summary),
        segments: merged.segments.map { .file(byteCount: $0.byteCount) }),
      tablet: snapshot.id, inline: [])
    let moved = try moved(merged, inputs, to: rowset)
    let warming = CacheWarming(cache: store.caches.pages, definition: definition)
    let warmed =
      store.options.warmsCompactedPages ? warming.warm(rowset, insteadOf: inputs) : 0
    if let moved, let visible = store.tablet(snapshot.id)?.version {
      moved.prepareDeletes(to: visible)
    }
    // When this fails the log may hold the commit or not, so the files must stay. If it does not,
    // they are removed as orphans when the store is next opened.
    _ = try store.commit(
      .compact(
        CompactionOutput(
          tablet: snapshot.id, kind: pick.kind, cumulativePoint: point, inputs: inputs.map(\.id),
          rowset: rowset, moved: moved)))
    if let moved, let index = snapshot.keys?.index {
      // Entries that still lead to the inputs are resolved until then, and for ever if this fails.
      try index.follow(moved)
      store.betweenCommits { index.forget(moved) }
    }
    return Outcome(
      output: summary, work: merged.work, linkedByteCount: merged.linkedByteCount,
      warmedPageCount: warmed, inputs: inputs, rowset: rowset, moved: moved)
  }

  private func mergeOrRemove(
    _ inputs: [Rowset], id: RowsetID, isCancelled: () -> Bool
  ) throws -> SegmentMerger.Result {
    var paths: [String] = []
    do {
      let merged = try merge(inputs, id: id, paths: &paths, isCancelled: isCancelled)
      if let rowCount = expectedRowCount(inputs, merged), merged.rowCount != rowCount {
        throw StorageError.corrupt(
          file: paths.first ?? store.path, offset: 0, what: "merge of \(pick)",
          expected: "\(rowCount) rows", found: "\(merged.rowCount)")
      }
      return merged
    } catch {
      // What cannot be removed now is removed as an orphan when the store is next opened.
      for path in paths { do { try store.files.remove(path) } catch {} }
      throw error
    }
  }

  private func merge(
    _ inputs: [Rowset], id: RowsetID, paths: inout [String], isCancelled: () -> Bool
  ) throws -> SegmentMerger.Result {
    if let fetch { return try take(fetch, inputs, id: id, paths: &paths, isCancelled) }
    var work = PageWork()
    // A full compaction is asked for to have everything written anew.
    if pick.kind != .full,
      let ordered = try OrderedRowsets(
        inputs, of: definition, byteCountMin: store.options.linkedSegmentByteCountMin, work: &work)
    {
      if isCancelled() { throw CancellationError() }
      return try link(ordered, id: id, paths: &paths, work: work)
    }
    var outputs: [any WritableFile] = []
    let merger = try SegmentMerger(
      definition: definition, segmentRowCountMax: store.options.segmentRowCountMax,
      isBase: pick.versions.first == VersionRange.initial.first)
    let streams = try merger.inputs(of: inputs, at: pick.versions.last)
    func create(_ ordinal: Int) throws -> FileSink {
      let path = store.layout.segment(tablet: snapshot.id, rowset: id, ordinal: ordinal)
      let file = try store.files.create(path, cause: .compaction)
      paths.append(path)
      outputs.append(file)
      return FileSink(file)
    }
    var result = try merger.merge(streams, isCancelled: isCancelled, sink: create)
    result.work += work
    let rowSegmentCount = result.segments.count
    let deltas = try DeltaMerger(
      definition: definition, segmentRowCountMax: store.options.segmentRowCountMax
    ).merge(inputs.flatMap(\.deltas), for: targets, isCancelled: isCancelled) {
      try create(rowSegmentCount + $0)
    }
    result.segments += deltas.segments
    result.deltas = deltas.rows
    for file in outputs { try file.sync() }
    if !outputs.isEmpty {
      try store.files.syncDirectory(
        store.layout.tabletDirectory(snapshot.id), cause: .compaction)
    }
    return result
  }

  /// Writes the files of another replica's output.
  private func take(
    _ fetch: CompactionFetch, _ inputs: [Rowset], id: RowsetID, paths: inout [String],
    _ isCancelled: () -> Bool
  ) throws -> SegmentMerger.Result {
    var outputs: [any WritableFile] = []
    func path(_ ordinal: Int) -> String {
      store.layout.segment(tablet: snapshot.id, rowset: id, ordinal: ordinal)
    }
    let result = try fetch.run(
      inputs, definition, isCancelled: isCancelled,
      create: { ordinal in
        let file = try store.files.create(path(ordinal), cause: .compaction)
        paths.append(path(ordinal))
        outputs.append(file)
        return file
      }, read: { try store.files.openForReading(path($0), cause: .compaction) })
    for file in outputs { try file.sync() }
    if !outputs.isEmpty {
      try store.files.syncDirectory(
        store.layout.tabletDirectory(snapshot.id), cause: .compaction)
    }
    return result
  }

  /// Gives the files of the inputs names of the output.
  private func link(
    _ ordered: OrderedRowsets, id: RowsetID, paths: inout [String], work: PageWork
  ) throws -> SegmentMerger.Result {
    var result = SegmentMerger.Result()
    result.work = work
    result.rowCount = ordered.rowCount
    for (ordinal, segment) in ordered.segments.enumerated() {
      let path = store.layout.segment(tablet: snapshot.id, rowset: id, ordinal: ordinal)
      paths.append(path)
      let isLink = try store.files.linkOrCopy(segment.path, to: path, cause: .compaction)
      result.linkedByteCount += isLink ? segment.byteCount : 0
      result.segments.append(
        SegmentMerger.Result.Segment(
          byteCount: segment.byteCount, rowCount: try segment.reader().rowCount))
    }
    try store.files.syncDirectory(
      store.layout.tabletDirectory(snapshot.id), cause: .compaction)
    return result
  }

  /// The older segments, whose rows the deltas of the inputs may have new values for.
  private var targets: [LiveSegment] {
    snapshot.rowsets.lazy.filter { $0.summary.versions.last < pick.versions.first }
      .flatMap(\.segments).map {
        LiveSegment(segment: $0, deleted: $0.deletes.rows(at: pick.versions.last))
      }
  }

  private var mergesOnWrite: Bool { snapshot.keys?.index != nil }

  /// How many rows the output has to have; nil where that depends on the keys.
  private func expectedRowCount(_ inputs: [Rowset], _ merged: SegmentMerger.Result) -> Int? {
    let all = inputs.reduce(0) { $0 + $1.summary.rowCount }
    guard definition.uniqueKeys != nil else { return all }
    guard mergesOnWrite else { return nil }
    let deleted = inputs.flatMap(\.segments).reduce(0) {
      $0 + ($1.deletes.rows(at: pick.versions.last)?.count ?? 0)
    }
    return all - deleted + merged.deleteSigns.reduce(0) { $0 + $1.count }
  }

  private func moved(
    _ merged: SegmentMerger.Result, _ inputs: [Rowset], to output: Rowset
  ) throws -> MovedRows? {
    guard mergesOnWrite, let conversion = merged.conversion else { return nil }
    // The inputs of the merge hold these segments in their order.
    let segments = inputs.flatMap(\.segments)
    var deltas: MovedDeltas?
    if !merged.deltas.isEmpty {
      deltas = MovedDeltas(
        zip(output.deltas, merged.deltas).map { MovedDeltas.Part(output: $0, rows: $1) },
        version: pick.versions.last)
    }
    return try MovedRows(
      inputs: segments, conversion: conversion, outputs: output.segments,
      outputRowCounts: merged.segments.prefix(output.segments.count).map(\.rowCount),
      deleteSigns: merged.deleteSigns, version: pick.versions.last, deltas: deltas)
  }
}
