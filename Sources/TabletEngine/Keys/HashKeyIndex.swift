import ScanKernels
import SegmentFormat
import StorageBase
import Synchronization
import TabletModel

/// The key index in memory: a table from the keys of a tablet to handles of their newest rows.
/// Publishing costs one probe a row. Built from the key columns when it is needed, and kept by the
/// cache of the store.
///
/// Whoever publishes builds it from the state before. Look-ups build it from a snapshot only when
/// that is the newest state there is, and nobody is about to change it: see `TabletKeys.isNewest`.
///
/// With a sequence column, deletions stay in the table, since they decide about rows that come
/// later.
final class HashKeyIndex: KeyIndex {
  private struct State {
    /// Nil while the rows of the tablet have not been read.
    var table: RowHandleTable?
    /// Whether what was published is not settled yet.
    var isHeld = false
    /// Of the table that was dropped last; nil before.
    var droppedByteCount: Int?
    var space = RowSpace()
    /// Rows that were looked at for keys while there was no table.
    var searchedRowCount = 0
    /// Keys of older versions may be missing, since their deletions have been merged away.
    var forgottenVersion = Version(0)

    mutating func drop() {
      guard let table else { return }
      self = State(isHeld: isHeld, droppedByteCount: table.byteCount)
    }
  }

  private let keyColumns: [Column]
  private let coder: KeyCoder
  private let building: KeyTableBuilding
  private let state = Mutex(State())
  private let cache: KeyIndexCache
  private let use: KeyIndexUse

  init(
    _ schema: Schema, _ options: UniqueKeyOptions, secret: KeySecret, cache: KeyIndexCache
  ) {
    keyColumns = Array(schema.columns[..<schema.sortKeyCount])
    coder = KeyCoder(keyColumns: keyColumns, secret: secret)
    building = KeyTableBuilding(
      keyColumns: keyColumns,
      sequence: options.sequenceColumn.flatMap { schema.index(of: $0) }.map { schema.columns[$0] },
      coder: coder, secret: secret)
    self.cache = cache
    use = cache.makeUse()
    cache.add(self, use)
  }

  deinit { cache.remove(use) }

  var memory: (byteCount: Int, keyCount: Int)? {
    state.withLock { state in state.table.map { ($0.byteCount, $0.count) } }
  }

  func prepare(
    keys: [ColumnVector], sequence: ColumnVector?, deleteSigns: Bitmap?,
    over tablet: TabletSnapshot?
  ) -> SegmentKeys {
    SegmentKeys(
      rowCount: keys.first?.count ?? 0, codes: coder.codes(of: keys.map { $0.widened() }),
      sequences: sequence.map { SequenceCodes.codes(of: $0) },
      deleteSigns: deleteSigns?.rowIDs() ?? [])
  }

  // MARK: Publishing

  func publish(
    _ keys: SegmentKeys, of segment: RowsetSegment, earlier: [RowsetSegment],
    over tablet: TabletSnapshot
  ) throws -> Displacement {
    try state.withLock { state in
      guard let table = state.table, let codes = keys.codes else {
        preconditionFailure("an index that is open, and keys for it")
      }
      let base = try state.space.add(
        segment, rowCount: keys.rowCount, version: tablet.version.next,
        hasDeleteSigns: !keys.deleteSigns.isEmpty)
      let exchange = table.exchange(
        codes, first: base,
        sequences: keys.sequences.map { SequenceCodes.signed($0, count: keys.rowCount) })
      var displacement = Self.displacement(exchange, in: state.space)
      displacement.exchange = exchange
      if let basis = keys.basis {
        let space = state.space
        displacement.changedRowCount = basis.changedRowCount { row in
          guard let now = space.place(of: exchange.previous[row]) else { return nil }
          let range = space.ranges[now.range]
          return range.segment.patches.lastVersion(of: now.row, after: basis.version)
            ?? range.version
        }
      }
      return displacement
    }
  }

  private static func displacement(
    _ exchange: RowExchange, in space: RowSpace
  ) -> Displacement {
    guard !exchange.lost.isEmpty else {
      return Displacement(older: space.grouped(exchange.previous))
    }
    var lost: [UInt32] = []
    var previous = exchange.previous
    for row in previous.indices where exchange.lost[row] {
      lost.append(UInt32(row))
      previous[row] = RowSpace.none
    }
    return Displacement(older: space.grouped(previous), lost: lost)
  }

  func takeBack(_ segment: RowsetSegment, _ keys: SegmentKeys, _ exchange: RowExchange?) {
    guard let codes = keys.codes, let exchange else {
      preconditionFailure("a segment that was published")
    }
    state.withLock { state in
      let space = state.space
      // Entries may have been led on meanwhile; what is taken back together with this is not.
      state.table?.undo(codes, exchange) { space.settled($0) }
      state.space.remove(segment)
    }
  }

  func publish(_ delta: DeltaKeys, over tablet: TabletSnapshot) throws -> PatchTargets {
    let locations = try locate(delta.keys, in: tablet)
    guard let sequences = delta.sequences, locations.isComplete else {
      return PatchTargets(locations: locations)
    }
    let codes = coder.codes(of: delta.keys.columns)
    let exchange = state.withLock { state in
      guard let table = state.table else { preconditionFailure("an index that is open") }
      return table.raise(codes, to: SequenceCodes.signed(sequences, count: codes.count))
    }
    return PatchTargets(locations: locations, lost: exchange.lost, exchange: exchange)
  }

  func takeBack(_ delta: DeltaKeys, _ exchange: RowExchange) {
    let codes = coder.codes(of: delta.keys.columns)
    state.withLock { state in
      let space = state.space
      state.table?.undo(codes, exchange) { space.settled($0) }
    }
  }

  // MARK: Looking

  func locate(
    _ keys: SoughtKeys, in tablet: TabletSnapshot, opensIndex: Bool
  ) throws -> KeyLocations {
    var locations = KeyLocations(count: keys.count)
    let codes = coder.codes(of: keys.columns)
    var unknown = locate(codes, in: tablet, into: &locations)
    if unknown == nil,
      let byteCount = try openToLook(tablet, keyCount: keys.count, isWanted: opensIndex)
    {
      unknown = locate(codes, in: tablet, into: &locations)
      cache.weigh(use, byteCount: byteCount)
    }
    guard let unknown else {
      try keys.search(in: tablet, into: &locations)
      return locations
    }
    if !unknown.isEmpty { try keys.search(unknown, in: tablet, into: &locations) }
    return locations
  }

  /// - Returns: the keys that are to be searched; nil for all, since there is no table.
  private func locate(
    _ codes: KeyCodes, in tablet: TabletSnapshot, into locations: inout KeyLocations
  ) -> [UInt32]? {
    state.withLock { state in
      use.note(isBuilt: state.table != nil, at: cache.now)
      guard let table = state.table else { return nil }
      return HashLookup(state.space, state.forgottenVersion, tablet)
        .locate(table.handles(of: codes), into: &locations)
    }
  }

  /// Makes the table for look-ups: when it is wanted and has not been dropped before, or the keys
  /// looked for without it, these included, have cost as much as making it. Not for the past, which
  /// is not what an index begins with, nor if the table could not stay.
  /// - Returns: its bytes; nil when there is none.
  private func openToLook(
    _ tablet: TabletSnapshot, keyCount: Int, isWanted: Bool
  ) throws -> Int? {
    guard !tablet.isPast else { return nil }
    return try state.withLock { state in
      if let table = state.table { return table.byteCount }
      state.searchedRowCount += keyCount * Self.searchedRowCountPerKey
      guard
        isWanted && state.droppedByteCount == nil || state.searchedRowCount >= tablet.rowCount,
        cache.hasRoom(for: state.droppedByteCount ?? 0), tablet.isNewest
      else { return nil }
      return try build(tablet, &state).byteCount
    }
  }

  /// A search reads a page of keys of a segment or two.
  private static let searchedRowCountPerKey = 4096

  /// As `locate`, of one key, without making anything of it.
  /// - Precondition: the values are those of the key columns.
  func find(_ key: [Value], in tablet: TabletSnapshot) throws -> KeyFinding {
    let code = coder.code(of: key)
    if let finding = find(code, in: tablet) { return finding }
    guard let byteCount = try openToLook(tablet, keyCount: 1, isWanted: true) else {
      return .unknown
    }
    let finding = find(code, in: tablet)
    cache.weigh(use, byteCount: byteCount)
    return finding ?? .unknown
  }

  /// Nil while the rows of the tablet have not been read.
  private func find(_ code: (UInt64, UInt64), in tablet: TabletSnapshot) -> KeyFinding? {
    state.withLock { state in
      use.note(isBuilt: state.table != nil, at: cache.now)
      guard let table = state.table else { return nil }
      return HashLookup(state.space, state.forgottenVersion, tablet).find(table.handle(of: code))
    }
  }

  // MARK: Building

  func hold() { state.withLock { $0.isHeld = true } }

  func open(_ tablet: TabletSnapshot) throws {
    try state.withLock { state in
      use.note(isBuilt: state.table != nil, at: cache.now)
      if state.table == nil { _ = try build(tablet, &state) }
    }
  }

  func release(isKept: Bool) {
    let byteCount = state.withLock { state in
      state.isHeld = false
      // It may have been built from what was taken back.
      if !isKept { state.drop() }
      return state.table?.byteCount ?? 0
    }
    cache.weigh(use, byteCount: byteCount)
  }

  /// Forgets what can be read again, unless it is held.
  /// - Returns: whether there was anything to forget.
  func drop() -> Bool {
    state.withLock { state in
      guard !state.isHeld, state.table != nil else { return false }
      state.drop()
      return true
    }
  }

  private func build(_ tablet: TabletSnapshot, _ state: inout State) throws -> RowHandleTable {
    let built = try building.build(from: tablet)
    use.noteBuilt(rowCount: built.rowCount)
    state.space = built.space
    state.table = built.table
    // Deletions that there are already were left out.
    state.forgottenVersion = tablet.version
    return built.table
  }

  // MARK: Compaction

  func move(_ rows: MovedRows) throws -> Bool {
    try state.withLock { state in
      guard state.table != nil else { return false }
      var bases: [UInt32] = []
      do {
        for (index, segment) in rows.outputs.enumerated() {
          bases.append(
            try state.space.add(
              segment, rowCount: rows.outputRowCounts[index], version: rows.version,
              hasDeleteSigns: !rows.deleteSigns[index].isEmpty))
        }
      } catch {
        for segment in rows.outputs.prefix(bases.count) { state.space.remove(segment) }
        throw error
      }
      let starts = rows.outputStarts.dropLast().map { UInt32($0) }
      for (input, destinations) in zip(rows.inputs, rows.destinations) {
        state.space.move(
          input, to: RowSpace.Move(rows: destinations, starts: starts, bases: bases))
      }
      return true
    }
  }

  func moveBack(_ rows: MovedRows) {
    state.withLock { state in
      for input in rows.inputs { state.space.moveBack(input) }
      for output in rows.outputs { state.space.remove(output) }
    }
  }

  func confirm(_ rows: MovedRows) {
    state.withLock { state in
      for input in rows.inputs { state.space.confirmMove(input) }
    }
  }

  /// Rows whose entries are led on at a time, while loads wait: less than a tenth of a millisecond.
  private static let followedRowCount = 1024

  /// Leads the entries of moved rows to where they are now, some keys at a time.
  func follow(_ rows: MovedRows) throws {
    // An index that is built later is built from the output.
    guard state.withLock({ $0.table != nil }) else { return }
    for (input, destinations) in zip(rows.inputs, rows.destinations) {
      // Only deletions may be dropped while an entry leads to them.
      let pages = try KeyPages(input, keyColumns, nil)
      try pages.forEachPage { page in
        let wanted = page.rows.map { UInt32($0) }.filter {
          page.deleteSigns != nil || destinations[Int($0)] != RowConversion.dropped
        }
        for start in stride(from: 0, to: wanted.count, by: Self.followedRowCount) {
          let end = min(wanted.count, start + Self.followedRowCount)
          follow(Array(wanted[start..<end]), of: page, in: input, to: rows.version)
        }
      }
    }
  }

  private func follow(
    _ rows: [UInt32], of page: KeyPages.Page, in input: RowsetSegment, to version: Version
  ) {
    let isWhole = rows.count == page.rows.count
    let first = UInt32(page.rows.lowerBound)
    let places = isWhole ? [] : rows.map { $0 - first }
    let codes = coder.codes(of: isWhole ? page.keys : page.keys.map { $0.gather(places) })
    state.withLock { state in
      guard let (old, new) = state.space.moves(of: rows, in: input) else { return }
      state.table?.replace(codes, expected: old, with: new)
      if page.deleteSigns != nil {
        state.forgottenVersion = max(state.forgottenVersion, version)
      }
    }
  }

  func forget(_ rows: MovedRows) {
    state.withLock { state in
      for input in rows.inputs { state.space.remove(input) }
    }
  }
}
