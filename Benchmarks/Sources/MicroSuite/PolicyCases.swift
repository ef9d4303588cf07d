import CMeasure
import CompactionPolicies
import StorageBase
import TabletModel

/// How long a policy thinks about a tablet with as many versions as a tablet may have.
enum PolicyCases {
  static func all() throws -> [MicroCase] {
    let facts = facts(rowsetCount: 2000)
    return try PolicyCatalogue.shipped.entries.map { entry in
      let policy = try PolicyCatalogue.shipped.policy(entry.name).policy
      return MicroCase(
        "decide", "\(entry.name), 2 000 rowsets", byteCount: 0, valueCount: 1,
        note: "a value is a decision"
      ) {
        {
          if case .compact(let picks, _) = policy.decide(facts) {
            cm_consume(UInt64(picks.count))
          }
        }
      }
    }
  }

  private static func facts(rowsetCount: Int) -> TabletFacts {
    var random = SeededGenerator(seed: 61)
    let now = Timestamp(rawValue: 1_767_225_600_000_000)
    let rowsets = (0..<rowsetCount).map { ordinal in
      let version = Int64(ordinal) + 2
      return RowsetSummary(
        versions: VersionRange(version, version), byteCount: 1000 + Int(random.next() % 100_000),
        rowCount: 100, createdAt: now)
    }
    let born = RowsetSummary(versions: .initial, byteCount: 0, segmentCount: 0, createdAt: now)
    return TabletFacts(
      rowsets: [born] + rowsets, cumulativePoint: Version.initial.next, now: now,
      entropy: random.next())
  }
}
