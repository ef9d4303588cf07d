import StorageBase

/// Why the output of another replica's compaction is not taken over. Nothing has changed then, and
/// nothing is lost but work.
public enum FetchRefusal: Error, Hashable, Sendable, CustomStringConvertible {
  /// The table has been altered here or there.
  case otherDefinition
  /// The output does not have the versions of a run of own rowsets.
  case otherVersions(VersionRange)
  /// Own rowsets of the same versions hold something else, or may.
  case otherInputs(VersionRange, String)
  /// What came is not what was offered.
  case otherOutput(VersionRange, String)
  /// The other replica does not have it any more.
  case gone(String)

  public var description: String {
    switch self {
    case .otherDefinition: "the table is defined otherwise there"
    case .otherVersions(let range): "own rowsets do not begin and end as \(range) does"
    case .otherInputs(let range, let what): "the rowsets of \(range) differ: \(what)"
    case .otherOutput(let range, let what): "what came for \(range) was not offered: \(what)"
    case .gone(let what): "it is not there any more: \(what)"
    }
  }
}

extension CompactionOffer {
  /// Whether a merge of own rowsets would give the output that is offered, byte for byte: a merge
  /// depends on the definition, the bytes of its inputs and what is deleted of them, and on nothing
  /// else.
  ///
  /// - Parameter own: fingerprints of the rowsets that the output would replace, made as those of
  ///   the inputs were.
  /// - Throws: what differs. `otherInputs` and `otherVersions` do not exclude that the rows are the
  ///   same.
  public func requireSameInputs(
    _ own: [RowsetFingerprint], definition: UInt64
  ) throws(FetchRefusal) {
    guard definition == self.definition else { throw .otherDefinition }
    guard own.map(\.versions) == inputs.map(\.versions) else { throw .otherVersions(versions) }
    for (mine, theirs) in zip(own, inputs) where mine != theirs {
      let what =
        mine.segments == theirs.segments
        ? "other rows of \(mine.versions) are deleted" : "\(mine.versions) has other bytes"
      throw .otherInputs(versions, what)
    }
  }
}
