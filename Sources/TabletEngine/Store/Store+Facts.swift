import StorageBase
import TabletModel

extension Store {
  /// What a policy may know of a tablet now, with every slot free and nothing running; nil for a
  /// tablet that does not exist. Thread-safe; later calls never give older rowsets.
  public func facts(of id: TabletID) -> TabletFacts? {
    // The tablet first: the schema must not be older than one of its rowsets.
    guard let tablet = tablet(id), let table = table(of: id) else { return nil }
    return tablet.state.facts(
      now: clock.now(), allowedKinds: Set(CompactionKind.allCases), inFlight: [],
      keysModel: table.definition.schema.keysModel, entropy: 0)
  }
}
