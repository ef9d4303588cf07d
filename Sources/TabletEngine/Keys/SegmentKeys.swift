import ScanKernels
import SegmentFormat
import StorageBase

/// What publishing the rows of one segment takes, found by whoever loads them, before anybody has
/// to wait for it. Immutable.
final class SegmentKeys: Sendable {
  let rowCount: Int
  /// For the hash index; nil for others.
  let codes: KeyCodes?
  /// For the sorted index: the keys, and what there was when they were prepared.
  let probe: KeyProbe?
  let seen: SeenRows?
  /// `SequenceCodes` by row; nil without a sequence column.
  let sequences: AlignedBuffer?
  /// Rows that stand for the deletion of their key, ascending.
  let deleteSigns: [UInt32]
  /// What the rows were completed from; of partial loads.
  let basis: KeyBasis?

  init(
    rowCount: Int, codes: KeyCodes? = nil, probe: KeyProbe? = nil, sequences: AlignedBuffer?,
    seen: SeenRows? = nil, deleteSigns: [UInt32], basis: KeyBasis? = nil
  ) {
    self.rowCount = rowCount
    self.codes = codes
    self.probe = probe
    self.seen = seen
    self.sequences = sequences
    self.deleteSigns = deleteSigns
    self.basis = basis
  }

  /// The same of rows that were completed from this.
  func based(on basis: KeyBasis) -> SegmentKeys {
    SegmentKeys(
      rowCount: rowCount, codes: codes, probe: probe, sequences: sequences, seen: seen,
      deleteSigns: deleteSigns, basis: basis)
  }
}
