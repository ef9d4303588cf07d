import ScanKernels
import SegmentFormat
import StorageBase
import Synchronization
import TabletModel

/// The key index in memory: a table from the keys of a tablet to handles of their newest rows.
/// Publishing costs one probe a row. Built from the key columns when it is first needed.
///
/// With a sequence column, deletions stay in the table, since they decide about rows that come
/// later.
final class HashKeyIndex: KeyIndex {
  private struct State {
    /// Nil before the rows of the tablet have been read.
    var table: RowHandleTable?
    var space = RowSpace()
    /// Rows that were looked at for keys while there was no table.
    var searchedRowCount = 0
    /// Keys of older versions may be missing, since their deletions have been merged away.
    var forgottenVersion = Version(0)
  }

  private let keyColumns: [Column]
  private let sequence: Column?
  private let secret: KeySecret
  private let coder: KeyCoder
  private let state = Mutex(State())
  /// Whether the rows of the tablet have been read: asked without waiting for who holds the state.
  private let isOpen = Atomic<Bool>(false)

  init(_ schema: Schema, _ options: UniqueKeyOptions, secret: KeySecret) {
    keyColumns = Array(schema.columns[..<schema.sortKeyCount])
    sequence = options.sequenceColumn.flatMap { schema.index(of: $0) }.map { schema.columns[$0] }
    self.secret = secret
    coder = KeyCoder(keyColumns: keyColumns, secret: secret)
  }

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

  /// The same numbers as signed ones.
  private static func signed(_ codes: AlignedBuffer, count: Int) -> [Int64] {
    codes.values(as: UInt64.self)[..<count].map { Int64(bitPattern: $0 ^ (1 << 63)) }
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
        sequences: keys.sequences.map { Self.signed($0, count: keys.rowCount) })
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
      return table.raise(codes, to: Self.signed(sequences, count: codes.count))
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
    // The past is not what an index begins with.
    if !tablet.isPast, opensIndex || isWorthOpening(for: keys.count, in: tablet) {
      try open(tablet)
    }
    let codes = coder.codes(of: keys.columns)
    let unknown = state.withLock { state -> [UInt32]? in
      guard let table = state.table else { return nil }
      return HashLookup(state.space, state.forgottenVersion, tablet)
        .locate(table.handles(of: codes), into: &locations)
    }
    guard let unknown else {
      try keys.search(in: tablet, into: &locations)
      return locations
    }
    if !unknown.isEmpty { try keys.search(unknown, in: tablet, into: &locations) }
    return locations
  }

  /// Whether the keys looked for without the table, these included, have cost as much as making it.
  private func isWorthOpening(for count: Int, in tablet: TabletSnapshot) -> Bool {
    state.withLock { state in
      state.searchedRowCount += count * Self.searchedRowCountPerKey
      return state.searchedRowCount >= tablet.rowCount
    }
  }

  /// A search reads a page of keys of a segment or two.
  private static let searchedRowCountPerKey = 4096

  /// As `locate`, of one key, without making anything of it.
  /// - Precondition: the values are those of the key columns.
  func find(_ key: [Value], in tablet: TabletSnapshot) throws -> KeyFinding {
    let code = coder.code(of: key)
    if let finding = find(code, in: tablet) { return finding }
    if tablet.isPast { return .unknown }
    try open(tablet)
    return find(code, in: tablet) ?? .unknown
  }

  /// Nil when the rows of the tablet have not been read yet.
  private func find(_ code: (UInt64, UInt64), in tablet: TabletSnapshot) -> KeyFinding? {
    state.withLock { state in
      guard let table = state.table else { return nil }
      return HashLookup(state.space, state.forgottenVersion, tablet).find(table.handle(of: code))
    }
  }

  // MARK: Building

  func open(_ tablet: TabletSnapshot) throws {
    guard !isOpen.load(ordering: .acquiring) else { return }
    try state.withLock { state in
      guard state.table == nil else { return }
      let table = RowHandleTable(
        width: coder.width, hasSequences: sequence != nil, secret: secret)
      table.reserve(try tablet.liveRowCount())
      var space = RowSpace()
      var segments: [OpenedSegment] = []
      for rowset in tablet.rowsets {
        for segment in rowset.segments {
          let pages = try KeyPages(
            segment, keyColumns, sequence, patched: tablet.patches(of: segment))
          let base = try space.add(
            segment, rowCount: pages.rowCount, version: rowset.summary.versions.last,
            hasDeleteSigns: pages.hasDeleteSigns)
          segments.append(
            OpenedSegment(
              pages: pages, base: base, deleted: segment.deletes.rows(at: tablet.version)))
        }
      }
      // Deletions decide about rows that come later. A row that is there counts whatever they say:
      // a greater one, that they lost against, may have been merged away before the row came.
      let deleting = sequence == nil ? [] : segments.filter(\.pages.hasDeleteSigns)
      for segment in deleting { try addDeletions(of: segment, to: table) }
      for segment in segments { try addRows(of: segment, to: table, isFirst: deleting.isEmpty) }
      state.space = space
      state.table = table
      // Deletions that there are already were left out.
      state.forgottenVersion = tablet.version
      isOpen.store(true, ordering: .releasing)
    }
  }

  /// A segment whose rows are to be known.
  private struct OpenedSegment {
    let pages: KeyPages
    /// The handle of its first row.
    let base: UInt32
    let deleted: DeletedRows?
  }

  private func addDeletions(of segment: OpenedSegment, to table: RowHandleTable) throws {
    try segment.pages.forEachPage { page in
      for run in page.deleteSigns?.runs ?? [] {
        let (codes, sequences) = keys(of: run, in: page)
        _ = table.exchange(
          codes, first: segment.base + UInt32(page.rows.lowerBound + run.lowerBound),
          sequences: sequences)
      }
    }
  }

  /// - Parameter isFirst: whether the table knows nothing of their keys.
  private func addRows(
    of segment: OpenedSegment, to table: RowHandleTable, isFirst: Bool
  ) throws {
    try segment.pages.forEachPage { page in
      let live = segment.deleted?.live(in: page.rows)
      if let live, live.isEmpty { return }
      // Runs of rows that are there, so that their handles follow each other.
      for run in live.map(\.runs) ?? [0..<page.rows.count] {
        let (codes, sequences) = keys(of: run, in: page)
        let first = segment.base + UInt32(page.rows.lowerBound + run.lowerBound)
        if isFirst {
          _ = table.exchange(codes, first: first, sequences: sequences)
        } else {
          table.set(codes, first: first, sequences: sequences)
        }
      }
    }
  }

  /// Some rows of a page.
  private func keys(
    of run: Range<Int>, in page: KeyPages.Page
  ) -> (KeyCodes, sequences: [Int64]?) {
    let isWhole = run.count == page.rows.count
    let rows = isWhole ? [] : Array(UInt32(run.lowerBound)..<UInt32(run.upperBound))
    let keys = isWhole ? page.keys : page.keys.map { $0.gather(rows) }
    let sequences = page.sequence.map { sequence in
      Self.signed(
        SequenceCodes.codes(of: isWhole ? sequence : sequence.gather(rows)), count: run.count)
    }
    return (coder.codes(of: keys), sequences)
  }

  // MARK: Compaction

  func move(_ rows: MovedRows) throws {
    try state.withLock { state in
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

extension Bitmap {
  /// The runs of set bits, ascending.
  fileprivate var runs: [Range<Int>] {
    var runs: [Range<Int>] = []
    forEachSet { row in
      if let last = runs.last, last.upperBound == row {
        runs[runs.count - 1] = last.lowerBound..<row + 1
      } else {
        runs.append(row..<row + 1)
      }
    }
    return runs
  }
}
