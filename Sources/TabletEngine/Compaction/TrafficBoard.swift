import StorageBase
import Synchronization
import TabletModel

/// What comes to each tablet, for policies that want to know. Thread-safe.
///
/// Loads are seen in the facts of a tablet whenever its policy is asked, which is after each of
/// them, so they cost nothing. Whoever runs queries says which tablets they have scanned.
final class TrafficBoard: Sendable {
  private struct Entry {
    var meter: TrafficMeter
    /// The first version that has not been counted.
    var nextVersion: Version
    /// Not entered into the meter yet.
    var queryCount = 0
  }

  private let entries = Mutex<[TabletID: Entry]>([:])
  private let costs: WorkCosts?
  private let rules: SchedulingRules
  private let versionLimit: Int?

  /// - Parameters:
  ///   - costs: what work costs on this machine, if it is known.
  ///   - versionLimit: rowsets of a tablet at which loads are refused; nil if they never are.
  init(costs: WorkCosts?, rules: SchedulingRules, versionLimit: Int?) {
    self.costs = costs
    self.rules = rules
    self.versionLimit = versionLimit
  }

  func noteQuery(of tablets: [TabletID]) {
    entries.withLock { entries in
      // Of a tablet that has not been asked about yet nobody wants to know.
      for tablet in tablets { entries[tablet]?.queryCount += 1 }
    }
  }

  /// What has come to a tablet until now. Loads that were merged before anyone asked, as those of
  /// before a restart, are not seen.
  func traffic(of tablet: TabletID, _ facts: TabletFacts) -> TabletTraffic {
    entries.withLock { entries in
      var entry =
        entries[tablet]
        ?? Entry(meter: TrafficMeter(at: facts.now), nextVersion: facts.endVersion)
      entry.meter.noteQueries(Double(entry.queryCount), until: facts.now)
      entry.queryCount = 0
      for rowset in facts.rowsets.reversed() {
        guard rowset.versions.first >= entry.nextVersion else { break }
        entry.meter.noteLoad(byteCount: rowset.byteCount, at: facts.now)
      }
      entry.nextVersion = max(entry.nextVersion, facts.endVersion)
      entries[tablet] = entry
      var traffic = entry.meter.traffic(at: facts.now)
      traffic.tabletsPerSlot = rules.tabletsPerSlot(entries.count)
      traffic.versionLimit = versionLimit
      traffic.costs = costs
      return traffic
    }
  }
}
