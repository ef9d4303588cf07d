import StorageBase
import TabletModel

/// A merge that runs.
struct MergeJob {
  let request: CompactionRequest
  let merge: SimulatedMerge
  let reason: String
  let startedAt: Double
  var demand: JobDemand
  /// What passes from when the output can be read until the slot is free.
  let restSeconds: Double
  /// When the slot is free; nil as long as the merge runs.
  var closesAt: Double?

  var tablet: Int { Int(request.tablet.rawValue) }
}

/// What the policy of a tablet wants now.
struct MergeWish {
  let tablet: Int
  let pick: CompactionPick
  let reason: String
}
