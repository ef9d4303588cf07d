import SegmentFormat
import StorageBase

extension TableSnapshot {
  /// Bytes the table would have if every tablet were fully compacted now: the reference of space
  /// amplification. Merges everything without writing it, so it costs as much CPU as a full
  /// compaction.
  ///
  /// - Parameter isCancelled: asked once per page; true makes it throw `CancellationError`.
  public func fullyCompactedByteCount(
    segmentRowCountMax: Int, isCancelled: () -> Bool = { false }
  ) throws -> Int {
    let merger = try SegmentMerger(
      definition: definition, segmentRowCountMax: segmentRowCountMax, isBase: true)
    return try tablets.reduce(0) { total, tablet in
      let inputs = try merger.inputs(of: Array(tablet.rowsets), at: tablet.version)
      let result = try merger.merge(inputs, isCancelled: isCancelled) { _ in DiscardingSink() }
      return total + result.segments.reduce(0) { $0 + $1.byteCount }
    }
  }
}

/// Forgets what it is given.
private final class DiscardingSink: SegmentSink {
  func append(_ bytes: UnsafeRawBufferPointer) {}
}
