import StorageBase

/// A rowset that a replica has to have for the output of another to be what its own merges would
/// give.
public struct ExpectedRowset: Hashable, Sendable {
  public let fingerprint: RowsetFingerprint
  /// When its deleted rows are compared: at the end of the step that takes it in.
  public let version: Version

  public init(_ fingerprint: RowsetFingerprint, at version: Version) {
    self.fingerprint = fingerprint
    self.version = version
  }
}

extension CompactionOffer {
  /// The rowsets that the output comes from, by the steps of this offer and others, as far back as
  /// there are own rowsets of the same versions. So a replica that comes late takes over the last
  /// output of several, and no other.
  ///
  /// What the steps between have deleted of their outputs follows from the rowsets, where a row is
  /// replaced by the next one of its key and by nothing else.
  ///
  /// - Parameters:
  ///   - own: the versions of own rowsets.
  ///   - offers: what is known of other compactions.
  /// - Returns: in version order; nil when a step is missing.
  public func expectedRowsets(
    _ own: Set<VersionRange>, among offers: [CompactionOffer]
  ) -> [ExpectedRowset]? {
    var expected: [ExpectedRowset] = []
    for input in inputs {
      if own.contains(input.versions) {
        expected.append(ExpectedRowset(input, at: versions.last))
        continue
      }
      // Fewer versions each time, so that there is an end, whatever has been offered.
      let step = offers.first {
        $0.versions == input.versions && $0.segments == input.segments
          && $0.definition == definition && $0.versions.count < versions.count
      }
      guard let rowsets = step?.expectedRowsets(own, among: offers) else { return nil }
      expected += rowsets
    }
    return expected
  }
}
