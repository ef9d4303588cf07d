import StorageBase
import TabletModel
import Testing

/// Random edits, fitting and not, against a plain list of version ranges.
@Suite struct TabletStateTests {
  private static func entry(_ id: UInt64, _ versions: VersionRange, rows: Int) -> RowsetEntry {
    RowsetEntry(
      id: RowsetID(rawValue: id),
      summary: RowsetSummary(
        versions: versions, byteCount: rows * 10, rowCount: rows,
        createdAt: Timestamp(rawValue: 0)))
  }

  private static func newTablet() -> TabletState {
    TabletState(
      id: TabletID(rawValue: 1), initialRowset: RowsetID(rawValue: 1),
      at: Timestamp(rawValue: 0), sequence: 0)
  }

  /// As a checkpoint would give it: all that was counted on the way is counted anew.
  private static func readBack(_ state: TabletState) -> TabletState {
    TabletState(
      id: state.id, rowsets: Array(state.rowsets), stale: state.stale,
      cumulativePoint: state.cumulativePoint, lastSuccessAt: state.lastSuccessAt,
      history: state.history)
  }

  private static func checkWhatIsCounted(_ state: TabletState) {
    let readable = state.readableVersions
    for version in 0...state.maxVersion.rawValue {
      #expect(
        readable.contains(Version(version)) == state.versionGraph.hasPath(to: Version(version)))
    }
    #expect(state.history.entries.count <= 2 * readable.count + 1)
    #expect(state == readBack(state))
  }

  @Test(arguments: 0..<20) func editsKeepTheInvariants(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var state = Self.newTablet()
    var ranges = [VersionRange.initial]
    var rows = [0]
    var staleCount = 0
    var nextID: UInt64 = 4
    for step in 0..<200 {
      let before = state
      let edit: TabletEdit
      let fits: Bool
      switch random.next() % 4 {
      case 0, 1:
        let last = ranges[ranges.count - 1].last
        let gap = random.next() % 5 == 0 ? 2 : 1
        let version = Version(last.rawValue + Int64(gap))
        // Ids come about in their order, since loads overlap; one that is in use is refused.
        let known = state.rowsets.map(\.id.rawValue) + state.stale.map(\.entry.id.rawValue)
        let used = random.next() % 6 == 0
        let id = used ? known[Int(random.next() % UInt64(known.count))] : nextID ^ 3
        edit = .publish(
          Self.entry(id, VersionRange(version, version), rows: step % 5),
          sequence: UInt64(step + 1))
        fits = gap == 1 && !used
        if fits {
          ranges.append(VersionRange(version, version))
          rows.append(step % 5)
        }
      case 2:
        let first = Int(random.next() % UInt64(ranges.count))
        let last = first + Int(random.next() % UInt64(ranges.count - first))
        let range = VersionRange(ranges[first].first, ranges[last].last)
        let total = rows[first...last].reduce(0, +)
        let lie = random.next() % 4 == 0
        edit = .replace(
          inputs: state.rowsets[first...last].map(\.id),
          output: Self.entry(nextID ^ 3, range, rows: total + (lie ? 1 : 0)), kind: .cumulative,
          cumulativePoint: range.first, at: Timestamp(rawValue: Int64(step)))
        fits = !lie
        if fits {
          ranges.replaceSubrange(first...last, with: [range])
          rows.replaceSubrange(first...last, with: [total])
          staleCount += last - first + 1
        }
      default:
        let gone = state.sweepable(
          at: Timestamp(rawValue: Int64(step)), graceSeconds: Double(step / 2) / 1e6)
        let lie = random.next() % 4 == 0
        edit = .sweep(gone + (lie ? [RowsetID(rawValue: 999_999)] : []))
        fits = !lie
        if fits { staleCount -= gone.count }
      }
      nextID += 1
      do {
        try state.apply(edit)
        #expect(fits, "step \(step)")
      } catch {
        #expect(!fits, "step \(step): \(error)")
        #expect(state == before)
      }
      #expect(state.rowsets.map(\.summary.versions) == ranges)
      #expect(state.rowsets.map(\.summary.rowCount) == rows)
      #expect(state.stale.count == staleCount)
      #expect(state.check() == [])
      Self.checkWhatIsCounted(state)
      #expect(state.cumulativePoint >= before.cumulativePoint)
    }
  }

  @Test func checkFindsGapsAndRepeatedIDs() {
    let good = Self.newTablet()
    func state(_ rowsets: [RowsetEntry]) -> TabletState {
      TabletState(
        id: good.id, rowsets: rowsets, stale: [], cumulativePoint: Version(2),
        lastSuccessAt: [:],
        history: VersionHistory([
          VersionHistory.Entry(
            version: rowsets.last?.summary.versions.last ?? .initial, sequence: 1,
            at: Timestamp(rawValue: 0))
        ]))
    }
    #expect(good.check() == [])
    #expect(!state([]).check().isEmpty)
    #expect(!state(good.rowsets + [Self.entry(2, VersionRange(3, 3), rows: 1)]).check().isEmpty)
    #expect(!state(good.rowsets + [Self.entry(2, VersionRange(1, 2), rows: 1)]).check().isEmpty)
    #expect(!state(good.rowsets + [Self.entry(1, VersionRange(2, 2), rows: 1)]).check().isEmpty)
    #expect(state(good.rowsets + [Self.entry(2, VersionRange(2, 2), rows: 1)]).check().isEmpty)
  }
}
