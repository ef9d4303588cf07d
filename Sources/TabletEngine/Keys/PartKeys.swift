import ScanKernels
import StorageBase

/// What publishing the rows of a load in one tablet takes, found by whoever loads them.
struct PartKeys: Sendable {
  /// By segment.
  var segments: [SegmentKeys?] = []
  /// By delta.
  var deltas: [DeltaKeys] = []
}

/// What publishing a delta takes. Immutable.
struct DeltaKeys: Sendable {
  /// In key order.
  let keys: SoughtKeys
  /// `SequenceCodes` by row; nil where the delta gives none.
  let sequences: AlignedBuffer?
}

/// The rows that a delta has new values for.
struct PatchTargets {
  /// By row of the delta.
  let locations: KeyLocations
  /// By row of the delta, whether it has come too late: the row has a greater sequence. Empty when
  /// none has.
  var lost: [Bool] = []
  /// What taking it back takes; of indexes that keep sequences.
  var exchange: RowExchange?

  func hasLost(_ row: Int) -> Bool { !lost.isEmpty && lost[row] }
}
