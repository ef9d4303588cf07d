import StorageBase
import TabletModel

/// A trace made from the records of another system.
public struct ImportedTrace: Hashable, Sendable {
  public var trace: CompactionTrace
  /// What was found, what was left out, and why, for people.
  public var notes: [String]
}

/// What the records of other systems do not say.
public struct ImportOptions: Hashable, Sendable {
  public var keysModel: KeysModel
  /// The number given to the tablet of a record that has none.
  public var tablet: TabletID

  public init(keysModel: KeysModel = .duplicate, tablet: TabletID = TabletID(rawValue: 1)) {
    self.keysModel = keysModel
    self.tablet = tablet
  }
}

/// The kinds of records that can be imported.
public enum ForeignRecords: String, Sendable, CaseIterable {
  case doris, clickhouse, rocksdb

  /// - Parameter file: what errors call it.
  /// - Throws: `StorageError.corrupt` with the place of what is not as documented.
  public func trace(
    of bytes: [UInt8], file: String, options: ImportOptions
  ) throws -> ImportedTrace {
    switch self {
    case .doris: try DorisStatus.trace(of: bytes, file: file, options: options)
    case .clickhouse: try PartLog.trace(of: bytes, file: file, options: options)
    case .rocksdb: try RocksDBLog.trace(of: bytes, file: file, options: options)
    }
  }
}

/// Gives names of another system's tables numbers, and begins their tablets empty.
struct ImportedTablets {
  private let options: ImportOptions
  private(set) var names: [String] = []
  private(set) var states: [TabletID: TracedTablet] = [:]
  private(set) var events: [TraceEvent] = []

  init(_ options: ImportOptions) { self.options = options }

  /// The tablet of this name; a new one has the empty rowset `[0-1]`, made at `time`.
  mutating func tablet(named name: String, at time: Timestamp) -> TabletID {
    if let place = names.firstIndex(of: name) { return id(place) }
    names.append(name)
    let tablet = TracedTablet(
      keysModel: options.keysModel,
      rowsets: [
        RowsetSummary(versions: .initial, byteCount: 0, segmentCount: 0, createdAt: time)
      ], cumulativePoint: Version.initial.next, lastSuccessAt: [:])
    let id = id(names.count - 1)
    states[id] = tablet
    events.append(.tablet(id, tablet, at: time))
    return id
  }

  private func id(_ place: Int) -> TabletID {
    TabletID(rawValue: options.tablet.rawValue + UInt64(place))
  }

  /// Loads a rowset as the next version, and returns that.
  mutating func load(
    _ id: TabletID, byteCount: Int, rowCount: Int, at time: Timestamp
  ) -> Version? {
    guard let state = states[id], state.rowsets.count < TraceState.rowsetCountMax else {
      return nil
    }
    let version = state.endVersion
    let rowset = RowsetSummary(
      versions: VersionRange(version, version), byteCount: byteCount, rowCount: rowCount,
      createdAt: time)
    guard states[id]?.load(rowset) == true else { return nil }
    events.append(.load(id, rowset, visibleAt: rowset.createdAt))
    return version
  }

  /// Enters a merge; false if its range is not that of whole rowsets.
  mutating func merge(_ id: TabletID, _ merge: TracedMerge) -> Bool {
    guard states[id]?.merge(merge) == true else { return false }
    events.append(.merge(id, merge))
    return true
  }

  mutating func add(_ event: TraceEvent) { events.append(event) }
}
