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

  /// What a finished job did.
  struct Outcome: Sendable {
    let output: RowsetSummary
    let work: PageWork
  }

  private var inputs: [Rowset] {
    snapshot.rowsets.filter { pick.versions.contains($0.summary.versions) }
  }

  /// Merges the inputs into files, makes them durable, and swaps them in.
  ///
  /// - Parameter isCancelled: asked once per page.
  /// - Throws: `StorageError`, or `CancellationError`; nothing visible has changed then.
  func run(isCancelled: () -> Bool) throws -> Outcome {
    let inputs = inputs
    let id = store.newRowsetID()
    let merged = try mergeOrRemove(inputs, id: id, isCancelled: isCancelled)
    let summary = RowsetSummary(
      versions: pick.versions, byteCount: merged.segments.reduce(0) { $0 + $1.byteCount },
      rowCount: merged.rowCount, segmentCount: merged.segments.count, segmentsOverlap: false,
      mergeDepth: (inputs.map(\.summary.mergeDepth).max() ?? 0) + 1,
      createdAt: store.clock.now())
    let point = policy.cumulativePoint(after: pick, output: summary, in: facts)
    let meta = RowsetMeta(
      entry: RowsetEntry(id: id, summary: summary),
      segments: merged.segments.map { .file(byteCount: $0.byteCount) })
    // When this fails the log may hold the commit or not, so the files must stay. If it does not,
    // they are removed as orphans when the store is next opened.
    _ = try store.commit(
      .compact(
        CompactionOutput(
          tablet: snapshot.id, kind: pick.kind, cumulativePoint: point, inputs: inputs.map(\.id),
          output: meta)))
    return Outcome(output: summary, work: merged.work)
  }

  private func mergeOrRemove(
    _ inputs: [Rowset], id: RowsetID, isCancelled: () -> Bool
  ) throws -> SegmentMerger.Result {
    var paths: [String] = []
    do {
      let merged = try merge(inputs, id: id, paths: &paths, isCancelled: isCancelled)
      let rowCount = inputs.reduce(0) { $0 + $1.summary.rowCount }
      guard merged.rowCount == rowCount else {
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
    var outputs: [any WritableFile] = []
    let merger = SegmentMerger(
      definition: definition, segmentRowCountMax: store.options.segmentRowCountMax)
    let streams = try inputs.flatMap { try $0.sortedStreams() }
    let result = try merger.merge(streams, isCancelled: isCancelled) { ordinal in
      let path = store.layout.segment(tablet: snapshot.id, rowset: id, ordinal: ordinal)
      let file = try store.files.create(path, cause: .compaction)
      paths.append(path)
      outputs.append(file)
      return FileSink(file)
    }
    for file in outputs { try file.sync() }
    if !outputs.isEmpty {
      try store.files.syncDirectory(
        store.layout.tabletDirectory(snapshot.id), cause: .compaction)
    }
    return result
  }
}
