import StorageBase

extension TabletState {
  /// The same with visible rowsets only, as a copy of the tablet begins its life: it can be read as
  /// of the newest version, and of older ones as far as visible rowsets end there.
  public var withoutStaleRowsets: TabletState {
    var history = history
    history.trim(readable: VersionGraph(rowsets.map(\.summary.versions)).readableVersions)
    return TabletState(
      id: id, rowsets: Array(rowsets), stale: [], cumulativePoint: cumulativePoint,
      lastSuccessAt: lastSuccessAt, history: history)
  }
}
