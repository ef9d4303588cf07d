import StorageBase
import Synchronization
import TabletModel

/// The output of a compaction, kept for other replicas. Holding it keeps the files. Immutable.
final class ExportedCompaction: Sendable {
  let tablet: ReplicatedTablet
  let offer: CompactionOffer
  let output: Rowset
  let definition: TableDefinition
  /// A `SentConversion`; nil where rows have no handles.
  let conversion: [UInt8]?
  let madeAt: Timestamp
  private let digest = Mutex<RowDigest?>(nil)

  init(
    _ offer: CompactionOffer, of tablet: ReplicatedTablet, output: Rowset,
    _ definition: TableDefinition, conversion: [UInt8]?, at now: Timestamp
  ) {
    self.offer = offer
    self.tablet = tablet
    self.output = output
    self.definition = definition
    self.conversion = conversion
    madeAt = now
  }

  /// Whether somebody has asked what the rows come to.
  var hasRowDigest: Bool { digest.withLock { $0 != nil } }

  /// What the rows of the output come to. Read once, then remembered.
  func rowDigest() throws -> RowDigest {
    try digest.withLock { known in
      if let known { return known }
      let digest = try RowDigest(
        of: output.segments.map { LiveSegment(segment: $0) }, definition)
      known = digest
      return digest
    }
  }
}

/// What a replica has for others, of each tablet the newest. Thread-safe.
final class ExportShelf: Sendable {
  private struct State {
    /// The oldest first.
    var kept: [ExportedCompaction] = []
    var nextOrdinal: UInt64 = 0
  }

  let epoch: UInt64
  private let countMax: Int
  private let secondsMax: Double
  private let state = Mutex(State())

  /// - Parameters:
  ///   - epoch: as in `CompactionOffer.ID`.
  ///   - countMax: outputs of one tablet that are kept.
  ///   - secondsMax: how long one is kept.
  init(epoch: UInt64, countMax: Int, secondsMax: Double) {
    self.epoch = epoch
    self.countMax = countMax
    self.secondsMax = secondsMax
  }

  func newID() -> CompactionOffer.ID {
    state.withLock { state in
      defer { state.nextOrdinal += 1 }
      return CompactionOffer.ID(epoch: epoch, ordinal: state.nextOrdinal)
    }
  }

  func add(_ export: ExportedCompaction) {
    state.withLock { state in
      state.kept.append(export)
      let own = state.kept.filter { $0.tablet == export.tablet }
      if own.count > countMax, let oldest = own.first {
        state.kept.removeAll { $0 === oldest }
      }
    }
  }

  /// Lets go of what has been kept long enough, so that its files may go.
  func trim(at now: Timestamp) {
    state.withLock { state in
      // A clock that is set back starts the time anew, as far as that can be known.
      state.kept.removeAll { abs(now.seconds(since: $0.madeAt)) > secondsMax }
    }
  }

  /// All there is; the oldest first.
  var kept: [ExportedCompaction] { state.withLock { $0.kept } }

  subscript(id: CompactionOffer.ID) -> ExportedCompaction? {
    state.withLock { $0.kept.first { $0.offer.id == id } }
  }
}
