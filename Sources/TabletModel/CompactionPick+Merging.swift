import StorageBase

extension CompactionPick {
  /// A pick of these neighbouring rowsets, as urgent as their compaction score.
  /// - Precondition: `inputs` is not empty.
  public static func merging(
    _ inputs: some BidirectionalCollection<RowsetSummary>, kind: CompactionKind
  ) -> CompactionPick {
    guard let first = inputs.first, let last = inputs.last else {
      preconditionFailure("a pick needs rowsets")
    }
    return CompactionPick(
      kind: kind, versions: VersionRange(first.versions.first, last.versions.last),
      urgency: Double(inputs.totalScore))
  }
}
