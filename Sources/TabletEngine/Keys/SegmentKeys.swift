import ScanKernels
import StorageBase

/// What publishing the rows of one segment takes, found by whoever loads them, before anybody has to
/// wait for it. Immutable.
final class SegmentKeys: Sendable {
  let rowCount: Int
  /// For the hash index; nil for others.
  let codes: KeyCodes?
  /// By row, ordered like the sequence column; nil without one.
  let sequences: [Int64]?
  /// Rows that stand for the deletion of their key, ascending.
  let deleteSigns: [UInt32]

  init(rowCount: Int, codes: KeyCodes?, sequences: [Int64]?, deleteSigns: [UInt32]) {
    self.rowCount = rowCount
    self.codes = codes
    self.sequences = sequences
    self.deleteSigns = deleteSigns
  }
}
