import StorageBase
import TabletModel

// Back-pressure: loads wait for compaction.
extension Store {
  /// How loads have been held back and refused since the store was opened.
  public var slowingTotals: SlowingTotals { gate.totals }

  /// Carries out what makes room for new versions necessary, once there is some.
  func commitSlowed(_ request: CommitRequest, of load: PreparedLoad) throws -> CommitReceipt {
    let tablets = load.parts.map(\.tablet)
    let passed = try gate.passing(tablets) {
      tablets.map(pile)
    } into: {
      try commit(request)
    }
    var receipt = passed.result
    receipt.slowedSeconds = passed.waitedSeconds
    return receipt
  }

  private func pile(on id: TabletID) -> VersionPile {
    let tablet = tablet(id)
    return VersionPile(
      versionCount: tablet?.state.componentCount ?? 0, newest: tablet?.version ?? .initial)
  }
}
