import StorageBase
import TabletModel

/// A merge that runs.
struct MergeJob {
  let request: CompactionRequest
  let merge: SimulatedMerge
  let reason: String
  let startedAt: Double
  var demand: JobDemand

  var tablet: Int { Int(request.tablet.rawValue) }
}

/// What the policy of a tablet wants now.
struct MergeWish {
  let tablet: Int
  let pick: CompactionPick
  let reason: String
}
