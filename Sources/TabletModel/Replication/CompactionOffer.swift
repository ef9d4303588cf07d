import StorageBase

/// A compaction that a replica has done, and that others may have the output of.
public struct CompactionOffer: Hashable, Sendable {
  /// Names it for as long as the store that made it stays open.
  public struct ID: Hashable, Sendable {
    /// Of the opening of the store; no other has it.
    public let epoch: UInt64
    public let ordinal: UInt64

    public init(epoch: UInt64, ordinal: UInt64) {
      self.epoch = epoch
      self.ordinal = ordinal
    }
  }

  public let id: ID
  public let kind: CompactionKind
  /// Of the definition of the table that the output was written for.
  public let definition: UInt64
  /// In version order.
  public let inputs: [RowsetFingerprint]
  /// Of the output.
  public let versions: VersionRange
  public let rowCount: Int
  public let segments: [FileFingerprint]
  /// Whether the output has the files of the inputs under other names, which costs nobody anything.
  public let isLinked: Bool

  public init(
    id: ID, kind: CompactionKind, definition: UInt64, inputs: [RowsetFingerprint],
    versions: VersionRange, rowCount: Int, segments: [FileFingerprint], isLinked: Bool
  ) {
    self.id = id
    self.kind = kind
    self.definition = definition
    self.inputs = inputs
    self.versions = versions
    self.rowCount = rowCount
    self.segments = segments
    self.isLinked = isLinked
  }

  public var byteCount: Int { segments.reduce(0) { $0 + $1.byteCount } }

  /// How the rowsets of a follower lie to an offer.
  public enum Fit: Hashable, Sendable {
    /// The inputs have the same versions as own rowsets.
    case sameRowsets
    /// The output ends and begins where own rowsets do, which are cut otherwise.
    case sameVersions
  }

  /// - Parameter own: in version order.
  /// - Returns: nil when the output does not have the versions of a run of own rowsets, or they are
  ///   one already.
  public func fit(_ own: [RowsetSummary]) -> Fit? {
    let run = own.filter { versions.overlaps($0.versions) }
    guard run.first?.versions.first == versions.first, run.last?.versions.last == versions.last,
      run.count > 1 || run.contains(where: \.segmentsOverlap)
    else { return nil }
    return run.map(\.versions) == inputs.map(\.versions) ? .sameRowsets : .sameVersions
  }
}
