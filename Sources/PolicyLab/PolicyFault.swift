import StorageBase
import TabletModel

/// A policy broke its contract, so that a simulation cannot go on.
public enum PolicyFault: Error, Hashable, Sendable, CustomStringConvertible {
  /// A pick that cannot be carried out.
  case refusedPick(PickRefusal)
  /// A decision to compact without a pick: carrying it out changes nothing, so the policy would be
  /// asked for ever.
  case noPicks(because: String)
  /// The cumulative point would move back, or beyond the last version.
  case misplacedCumulativePoint(CompactionPick, from: Version, to: Version)

  public var description: String {
    switch self {
    case .refusedPick(let refusal): "the policy made a pick that is refused: \(refusal)"
    case .noPicks(let reason):
      "the policy wants to compact but picks nothing, for ever; its reason: \(reason)"
    case .misplacedCumulativePoint(let pick, let from, let to):
      "after \(pick) the policy moves the cumulative point from \(from) to \(to), "
        + "which is not ahead within the tablet"
    }
  }
}
