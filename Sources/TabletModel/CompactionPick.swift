import StorageBase

/// Rowsets to merge into one: those that make up `versions` exactly.
public struct CompactionPick: Hashable, Sendable, Codable, CustomStringConvertible {
  public var kind: CompactionKind
  public var versions: VersionRange
  /// How pressing the merge is; compared between tablets, greater first. Policies that rank by
  /// Doris's compaction score use the score of the inputs.
  public var urgency: Double

  public init(kind: CompactionKind, versions: VersionRange, urgency: Double) {
    self.kind = kind
    self.versions = versions
    self.urgency = urgency
  }

  public var description: String { "\(kind) \(versions)" }
}

/// Why a pick cannot be carried out. A policy that causes one is wrong, but cannot do harm.
public enum PickRefusal: Error, Hashable, Sendable, CustomStringConvertible {
  case kindNotAllowed(CompactionPick)
  case notWholeRowsets(CompactionPick)
  case inFlight(CompactionPick)
  /// One rowset whose segments do not overlap: rewriting it would change nothing.
  case nothingToMerge(CompactionPick)
  case overlapsAnotherPick(CompactionPick)

  public var description: String {
    switch self {
    case .kindNotAllowed(let pick): "\(pick): no slot of this kind is free"
    case .notWholeRowsets(let pick): "\(pick): does not begin and end at rowset borders"
    case .inFlight(let pick): "\(pick): overlaps a compaction that is running"
    case .nothingToMerge(let pick): "\(pick): a single sorted rowset, rewriting it is no use"
    case .overlapsAnotherPick(let pick): "\(pick): overlaps another pick of the same decision"
    }
  }
}

extension CompactionPick {
  /// The rowsets the pick consists of, in version order.
  /// - Throws: `PickRefusal` when the pick cannot be carried out on these facts.
  public func validated(against facts: TabletFacts) throws(PickRefusal) -> [RowsetSummary] {
    guard facts.allowedKinds.contains(kind) else { throw .kindNotAllowed(self) }
    guard !facts.isInFlight(versions) else { throw .inFlight(self) }
    let inputs = facts.rowsets.filter { versions.contains($0.versions) }
    guard inputs.first?.versions.first == versions.first,
      inputs.last?.versions.last == versions.last
    else { throw .notWholeRowsets(self) }
    guard inputs.count > 1 || inputs.contains(where: \.segmentsOverlap) else {
      throw .nothingToMerge(self)
    }
    return inputs
  }
}
