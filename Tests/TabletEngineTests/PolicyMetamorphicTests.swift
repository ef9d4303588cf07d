import CompactionPolicies
import StorageBase
import Testing

@testable import TabletEngine

/// What a table shows depends on no policy, key index, merge or row store: every way to keep it,
/// under every policy of the catalogue, has the rows of one dictionary at every version.
@Suite struct PolicyMetamorphicTests {
  /// With parameters where few small loads would not set them going.
  private static let policies = PolicyCatalogue.shipped.entries.map { entry in
    entry.name == "time-series" ? "time-series:file_count=4" : entry.name
  }

  private static let shapes = [
    UniqueKeyModel.Shape(index: .hash), UniqueKeyModel.Shape(index: .sorted, buckets: 2),
    UniqueKeyModel.Shape(index: .hash, hasStringKey: true, rowStore: .all),
    UniqueKeyModel.Shape(index: .sorted, rowStore: .columns([ColumnID(rawValue: 3)])),
    UniqueKeyModel.Shape(partialUpdates: .delta),
    // Policies differ in when a deletion is forgotten, and a row that is older than it comes back.
    UniqueKeyModel.Shape(
      index: .sorted, hasSequence: true, hasDeletions: false, rowStore: .all,
      partialUpdates: .delta),
    UniqueKeyModel.Shape(merge: .onRead, hasSequence: true, hasDeletions: false),
    UniqueKeyModel.Shape(merge: .onRead), UniqueKeyModel.Shape(merge: .onRead, rowStore: .all),
  ]

  @Test(arguments: policies) func everyPolicyShowsTheSame(spec: String) throws {
    let policy = try PolicyCatalogue.shipped.policy(spec).policy
    var compactionCount = 0
    for (index, shape) in Self.shapes.enumerated() {
      var history = try UniqueKeyHistory(shape, seed: 100 + UInt64(index % 2), policy: policy)
      for step in 0..<60 { try history.step(step) }
      try history.finish()
      compactionCount += history.compactionCount
    }
    // What merges nothing proves nothing, unless it is made for that.
    #expect(compactionCount > 0 || spec == "none")
  }
}
