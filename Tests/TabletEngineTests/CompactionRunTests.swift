import CompactionPolicies
import StorageBase
import StorageIO
import TabletModel
import Testing

@testable import TabletEngine

/// Compactions by command.
@Suite struct CompactionRunTests {
  private static func filled(_ files: MemoryFileSystem, loads: Int = 4) throws -> Store {
    let store = try TestStore.create(files, buckets: 2)
    var random = SeededGenerator(seed: 5)
    for load in 0..<loads {
      let rows = TestStore.rows(load: load, count: 40, random: &random)
      try store.load(TestStore.batch(rows), into: TestStore.tableName)
    }
    return store
  }

  private static func tablets(_ store: Store) -> [TabletSnapshot] {
    store.snapshot().flatMap(\.tablets)
  }

  private static func run(
    _ store: Store, _ goal: CompactionRun.Goal, policy: String = "gradient",
    isCancelled: @escaping () -> Bool = { false }
  ) throws -> CompactionRun.Progress {
    var run = CompactionRun(
      store: store, policy: try PolicyCatalogue.shipped.policy(policy).policy, goal: goal,
      isCancelled: isCancelled)
    return try run.run(tablets(store).map(\.id))
  }

  @Test func everythingBecomesOne() throws {
    let store = try Self.filled(MemoryFileSystem())
    let before = try TestStore.contents(of: store)
    let end = try Self.run(store, .everything(.full))
    #expect(end.tabletsDone == 2 && end.jobsDone == 2 && end.rowsetsReplaced == 10)
    for tablet in Self.tablets(store) {
      #expect(tablet.state.componentCount == 1 && tablet.rowsets.count == 1)
      #expect(tablet.state.cumulativePoint == tablet.rowsets[0].summary.versions.last.next)
    }
    #expect(try TestStore.contents(of: store) == before)
    let again = try Self.run(store, .everything(.full))
    #expect(again.jobsDone == 0 && again.tabletsDone == 2)
  }

  @Test func kindsKeepToTheirSideOfThePoint() throws {
    let store = try Self.filled(MemoryFileSystem())
    // Nothing lies before the point but the empty rowset a tablet is born with.
    #expect(try Self.run(store, .everything(.base)).jobsDone == 0)
    #expect(try Self.run(store, .everything(.cumulative)).rowsetsReplaced == 8)
    #expect(Self.tablets(store).allSatisfy { $0.rowsets.count == 2 })
    #expect(try Self.run(store, .everything(.cumulative)).jobsDone == 0)
    // Full compaction hands all over to base compaction.
    #expect(try Self.run(store, .everything(.full)).jobsDone == 0, "one sorted rowset")
  }

  @Test func policiesAreAskedUntilTheyRest() throws {
    let store = try Self.filled(MemoryFileSystem(), loads: 7)
    let policy = try PolicyCatalogue.shipped.policy("tiered:t=2").policy
    let end = try Self.run(
      store, .wanted(Set(CompactionKind.allCases)), policy: "tiered:t=2")
    #expect(end.jobsDone >= 2)
    for tablet in Self.tablets(store) {
      let facts = tablet.state.facts(
        now: store.clock.now(), allowedKinds: Set(CompactionKind.allCases), inFlight: [],
        keysModel: .duplicate, entropy: 0)
      if case .compact = policy.decide(facts) { Issue.record("the policy wants more") }
    }
    #expect(try Self.run(store, .wanted([.base]), policy: "none").jobsDone == 0)
  }

  /// Wherever a run is interrupted, every tablet is done or as it was, and no file is left.
  @Test func interruptionsLoseNothing() throws {
    for pages in 0..<40 {
      let files = MemoryFileSystem()
      let store = try Self.filled(files)
      let before = try TestStore.contents(of: store)
      var asked = 0
      var isInterrupted = false
      do {
        _ = try Self.run(store, .everything(.full)) {
          asked += 1
          return asked > pages
        }
      } catch is CancellationError {
        isInterrupted = true
      }
      #expect(isInterrupted == (asked > pages))
      #expect(try TestStore.contents(of: store) == before)
      let open = Self.tablets(store).filter { $0.rowsets.count == 1 }
      let segments = open.reduce(0) { $0 + $1.rowsets[0].segments.count }
      #expect(try TestStore.segmentFileCount(files, store) == segments)
      _ = try Self.run(store, .everything(.full))
      #expect(try TestStore.contents(of: store) == before)
      #expect(Self.tablets(store).allSatisfy { $0.rowsets.count == 1 })
    }
  }
}
