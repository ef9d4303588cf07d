import StorageBase
import TabletModel
import Testing

struct TabletRepairTests {
  private static func entry(_ id: UInt64, _ first: Int64, _ last: Int64, rows: Int) -> RowsetEntry {
    RowsetEntry(
      id: RowsetID(rawValue: id),
      summary: RowsetSummary(
        versions: VersionRange(Version(first), Version(last)), byteCount: 1, rowCount: rows,
        createdAt: Timestamp(rawValue: 0)))
  }

  private static func id(_ rawValue: UInt64) -> RowsetID { RowsetID(rawValue: rawValue) }

  /// `[0-1]`, then `[2-4]` merged from `[2-2]`, `[3-3]` and `[4-4]` of ten rows each.
  private static func merged() throws -> TabletState {
    var state = TabletState(
      id: TabletID(rawValue: 1), initialRowset: id(1), at: Timestamp(rawValue: 0), sequence: 0)
    for load in 2...4 as ClosedRange<Int64> {
      try state.apply(.publish(entry(UInt64(load), load, load, rows: 10), sequence: UInt64(load)))
    }
    try state.apply(
      .replace(
        inputs: [id(2), id(3), id(4)], output: entry(9, 2, 4, rows: 30), kind: .cumulative,
        cumulativePoint: Version(2), at: Timestamp(rawValue: 5)))
    return state
  }

  @Test func inputsComeBackAndSavedRowsetsTakePlaces() throws {
    var state = try Self.merged()
    let saved = Self.entry(12, 3, 3, rows: 4)
    try state.apply(
      .repair(
        TabletRepair(
          replacements: [
            .init(
              damaged: Self.id(9),
              successors: [.reinstated(Self.id(2)), .saved(saved), .reinstated(Self.id(4))])
          ], dropped: [Self.id(3)])))
    #expect(state.rowsets.map(\.id) == [1, 2, 12, 4].map(Self.id))
    #expect(state.stale.isEmpty)
    #expect(state.check() == [])
  }

  /// What does not fit changes nothing.
  @Test func whatDoesNotFitIsRefused() throws {
    let state = try Self.merged()
    func replacement(_ successors: [TabletRepair.Successor], of damaged: UInt64 = 9) -> TabletRepair
    {
      TabletRepair(replacements: [.init(damaged: Self.id(damaged), successors: successors)])
    }
    let refused = [
      replacement([.reinstated(Self.id(2)), .reinstated(Self.id(3))]),
      replacement([.reinstated(Self.id(2)), .reinstated(Self.id(4))]),
      replacement([.saved(Self.entry(12, 2, 5, rows: 1))]),
      replacement([.saved(Self.entry(12, 2, 4, rows: 31))]),
      replacement([.saved(Self.entry(3, 2, 4, rows: 1))]),
      replacement([]),
      replacement([.saved(Self.entry(12, 2, 2, rows: 1))], of: 2),
      TabletRepair(dropped: [Self.id(9)]),
      TabletRepair(
        replacements: [
          .init(damaged: Self.id(9), successors: [.saved(Self.entry(12, 2, 4, rows: 1))])
        ],
        dropped: [Self.id(77)]),
    ]
    for repair in refused {
      var next = state
      #expect(throws: EditRefusal.self) { try next.apply(.repair(repair)) }
      #expect(next == state)
    }
  }
}
