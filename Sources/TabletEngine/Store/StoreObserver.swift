import StorageBase

/// What changed in a store.
public enum StoreChange: Hashable, Sendable {
  case loaded(tablets: [TabletID])
  case compacted(tablet: TabletID)
  case swept(tablet: TabletID)
  /// Nothing has changed, but `Store.maintain` should be called by then.
  case due(by: Timestamp)
}

/// Hears of changes after they have become visible.
public protocol StoreObserver: AnyObject, Sendable {
  func storeChanged(_ change: StoreChange)
}
