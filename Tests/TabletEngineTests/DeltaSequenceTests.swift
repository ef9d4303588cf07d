import ScanKernels
import StorageBase
import StorageIO
import TabletModel
import Testing

@testable import TabletEngine

/// Deltas that give the sequence column: the greater sequence wins whatever the order of arrival,
/// of equal ones the newer load.
@Suite struct DeltaSequenceTests {
  typealias Row = [Value]
  typealias Base = PartialUpdateTests
  /// The sequence column.
  private static let sequence = "a"

  private static func create(
    _ index: UniqueKeyOptions.Index, files: MemoryFileSystem = MemoryFileSystem()
  ) throws -> Store {
    let store = try Base.create(index, files: files, sequenceColumn: sequence)
    try Base.load((0..<4).map { Base.row($0, 10, "base", 1) }, into: store)
    return store
  }

  /// Gives a row a sequence and a value.
  private static func update(
    _ id: Int, _ sequence: Int, _ value: Int, in store: Store,
    strategy: PartialUpdate.Strategy = .delta
  ) throws -> PreparedLoad {
    try Base.partial(
      ["id", "a", "c"],
      [[.integer(Int128(id)), .integer(Int128(sequence)), .integer(Int128(value))]], in: store,
      strategy: strategy)
  }

  private static func row(_ id: Int, of store: Store) throws -> Row? {
    try Base.contents(of: store).first { $0[0] == .integer(Int128(id)) }
  }

  // MARK: Who wins

  /// By deltas and by whole rows, in every order.
  @Test(arguments: UniqueKeyOptions.Index.allCases)
  func theGreaterSequenceWinsInAnyOrder(index: UniqueKeyOptions.Index) throws {
    let updates = [(11, 1), (12, 2), (12, 3), (9, 4)]
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1], [1, 3, 0, 2]] {
      for whole in 0..<16 {
        let store = try Self.create(index)
        var expected = Base.row(1, 10, "base", 1)
        for place in order {
          let (sequence, value) = updates[place]
          let isWhole = whole >> place & 1 == 1
          if isWhole {
            try Base.load([Base.row(1, sequence, "whole", value)], into: store)
          } else {
            try store.commit(Self.update(1, sequence, value, in: store))
          }
          guard case .integer(let known) = expected[1], sequence >= known else { continue }
          expected = [
            expected[0], .integer(Int128(sequence)), isWhole ? .string("whole") : expected[2],
            .integer(Int128(value)),
          ]
        }
        #expect(try Self.row(1, of: store) == expected, "\(order), whole: \(whole)")
        #expect(StoreVerifier(store).run().problems == [])
      }
    }
  }

  /// A deletion is compared with what a delta has given, too.
  @Test(arguments: UniqueKeyOptions.Index.allCases)
  func aDeletionMayComeTooLate(index: UniqueKeyOptions.Index) throws {
    let store = try Self.create(index)
    func delete(_ id: Int128, _ sequence: Int128) throws {
      let builder = try store.beginPartialLoad(into: Base.name, updating: ["id", "a"])
      try builder.append(
        Base.batch(["id", "a"], [[.integer(id), .integer(sequence)]], in: store),
        deleteSigns: .full(count: 1))
      try store.commit(builder.prepare())
    }
    try store.commit(Self.update(1, 20, 5, in: store))
    try delete(1, 15)
    #expect(try Self.row(1, of: store) == Base.row(1, 20, "base", 5))
    try delete(1, 20)
    #expect(try Self.row(1, of: store) == nil)
    // The deletion decides about deltas as well, which are whole rows then.
    try store.commit(Self.update(1, 19, 6, in: store))
    #expect(try Self.row(1, of: store) == nil)
    try store.commit(Self.update(1, 20, 7, in: store))
    #expect(try Self.row(1, of: store) == Base.row(1, 20, nil, 7))
  }

  /// What has been written when another load becomes visible is dropped, and nothing is redone.
  @Test(arguments: UniqueKeyOptions.Index.allCases, [false, true])
  func aLaterSequenceMayBePublishedFirst(
    index: UniqueKeyOptions.Index, isCompacted: Bool
  ) throws {
    let store = try Self.create(index)
    let late = try Self.update(1, 15, 5, in: store)
    let equal = try Self.update(2, 30, 6, in: store)
    try store.commit(Self.update(1, 20, 7, in: store))
    try Base.load([Base.row(2, 30, "whole", 8)], into: store)
    if isCompacted { Base.compact(store) }
    #expect(try store.commit(late).redoneRowCount == 0)
    #expect(try store.commit(equal).redoneRowCount == 0)
    #expect(try Self.row(1, of: store) == Base.row(1, 20, "base", 7))
    #expect(try Self.row(2, of: store) == Base.row(2, 30, "whole", 6))
    #expect(try Self.deltaCount(store) > 0)
    #expect(StoreVerifier(store).run().problems == [])
  }

  private static func deltaCount(_ store: Store) throws -> Int { try DeltaTests.deltaCount(store) }

  /// Without a sequence the row keeps the one it has, and the new values count.
  @Test(arguments: UniqueKeyOptions.Index.allCases)
  func updatesWithoutASequenceKeepIt(index: UniqueKeyOptions.Index) throws {
    let store = try Self.create(index)
    try store.commit(Self.update(1, 20, 5, in: store))
    try store.commit(
      Base.partial(["id", "c"], [[.integer(1), .integer(6)]], in: store, strategy: .delta))
    try store.commit(
      Base.partial(["id", "b"], [[.integer(1), .string("x")]], in: store, strategy: .rewrite))
    try Base.load([Base.row(1, 19, "late", 9)], into: store)
    #expect(try Self.row(1, of: store) == Base.row(1, 20, "x", 6))
  }

  // MARK: Several rows of a key

  /// Rows of one key in one load, every sequence of some, as deltas and as whole rows.
  @Test(arguments: UniqueKeyOptions.Index.allCases)
  func rowsOfOneLoadAreAppliedInTheirOrder(index: UniqueKeyOptions.Index) throws {
    // By row, its sequence (none for 0) and whether it gives column c.
    let kinds: [(Int, Bool)] = [(0, true), (9, true), (11, true), (11, false), (12, true)]
    var stores: [PartialUpdate.Strategy: Store] = [:]
    for strategy in PartialUpdate.Strategy.allCases { stores[strategy] = try Self.create(index) }
    let combinations = (0..<125).map { [$0 / 25, $0 / 5 % 5, $0 % 5] }
    for (number, combination) in combinations.enumerated() {
      let rows = combination.enumerated().map { place, kind in
        Base.row(number, kinds[kind].0, "row \(place)", 100 * number + place)
      }
      func bits(_ isSet: (Int) -> Bool) -> Bitmap {
        let bitmap = Bitmap(count: rows.count)
        for row in rows.indices where isSet(combination[row]) { bitmap.set(row) }
        return bitmap
      }
      for (strategy, store) in stores {
        try Base.load([Base.row(number, 10, "base", 1)], into: store)
        let builder = try store.beginFlexibleLoad(into: Base.name, strategy: strategy)
        try builder.append(
          Base.batch(["id", "a", "b", "c"], rows, in: store),
          given: [nil, bits { kinds[$0].0 != 0 }, nil, bits { kinds[$0].1 }])
        try store.commit(builder.prepare())
      }
    }
    let expected = try stores[.rewrite].map(Base.contents)
    #expect(try stores[.delta].map(Base.contents) == expected)
    // Rows that all give a sequence and the same columns, or none.
    #expect(try stores[.delta].map(Self.deltaCount) == 29)
  }

  // MARK: Taking back

  /// A load that is refused while it is published leaves the sequences as they were.
  @Test(arguments: UniqueKeyOptions.Index.allCases)
  func aRefusedLoadLeavesSequencesAsTheyWere(index: UniqueKeyOptions.Index) throws {
    let store = try Self.create(index)
    let builder = try store.beginFlexibleLoad(
      into: Base.name, onNewKey: .refuse, strategy: .delta)
    // Two deltas, of different columns; the second one has the key that goes.
    let rows = [Base.row(0, 20, "x", 5), Base.row(1, 20, "x", 5), Base.row(2, 20, "x", 5)]
    let first = Bitmap(count: 3)
    first.set(0)
    first.set(1)
    try builder.append(
      Base.batch(["id", "a", "b", "c"], rows, in: store), given: [nil, nil, first, nil])
    let prepared = try builder.prepare()
    let remover = try store.beginPartialLoad(into: Base.name, updating: ["id"])
    try remover.append(
      Base.batch(["id"], [[.integer(2)]], in: store), deleteSigns: .full(count: 1))
    try store.commit(remover.prepare())
    #expect(throws: StorageError.self) { try store.commit(prepared) }
    try Base.load((0..<2).map { Base.row($0, 15, "between", 9) }, into: store)
    #expect(
      try Base.contents(of: store) == (0..<2).map { Base.row($0, 15, "between", 9) }
        + [Base.row(3, 10, "base", 1)])
    #expect(StoreVerifier(store).run().problems == [])
  }

  /// The same when the log cannot be written, and the rows have been moved by a compaction.
  @Test(arguments: UniqueKeyOptions.Index.allCases)
  func aFailedAppendLeavesSequencesAsTheyWere(index: UniqueKeyOptions.Index) throws {
    let faulty = FaultyFileSystem(MemoryFileSystem())
    let store = try Base.create(index, files: faulty, sequenceColumn: Self.sequence)
    try Base.load((0..<4).map { Base.row($0, 10, "base", 1) }, into: store)
    try Base.load((4..<6).map { Base.row($0, 10, "base", 1) }, into: store)
    Base.compact(store)
    let load = try Self.update(1, 20, 5, in: store)
    faulty.replacePlan(
      FaultPlan(rules: [FaultPlan.Rule(.error(code: 28), .only(0), operations: [.append])]))
    #expect(throws: StorageError.self) { try store.commit(load) }
    try Base.load([Base.row(1, 15, "between", 9)], into: store)
    #expect(try Self.row(1, of: store) == Base.row(1, 15, "between", 9))
  }

  // MARK: Compaction and durability

  /// Versions 2 and 3 are rows, 4 to 7 deltas with sequences, some of which come too late.
  private static func history(
    _ index: UniqueKeyOptions.Index, _ files: MemoryFileSystem
  ) throws -> (store: Store, expected: [Row]) {
    let store = try Base.create(index, files: files, sequenceColumn: sequence)
    var expected = (0..<20).map { Base.row($0, 10, "base", 1) }
    try Base.load(Array(expected[..<10]), into: store)
    try Base.load(Array(expected[10...]), into: store)
    for version in 4...7 {
      let ids = Array(stride(from: version % 3, to: 20, by: version - 2))
      let rows = ids.map { id -> (id: Int, sequence: Int) in (id, (id * 7 + version * 5) % 17 + 5) }
      try store.commit(
        Base.partial(
          ["id", "a", "c"],
          rows.map {
            [
              .integer(Int128($0.id)), .integer(Int128($0.sequence)), .integer(Int128(version)),
            ]
          }, in: store, strategy: .delta))
      for (id, sequence) in rows {
        guard case .integer(let known) = expected[id][1], sequence >= known else { continue }
        expected[id][1] = .integer(Int128(sequence))
        expected[id][3] = .integer(Int128(version))
      }
    }
    return (store, expected)
  }

  /// What comes then is compared with the newest sequences, whatever has been merged, and after a
  /// restart.
  @Test(arguments: UniqueKeyOptions.Index.allCases, [false, true])
  func sequencesSurviveCompactionsAndRestarts(
    index: UniqueKeyOptions.Index, restarts: Bool
  ) throws {
    for (first, last) in [(2, 3), (2, 5), (3, 6), (4, 5), (4, 7), (5, 7), (2, 7)] {
      let files = MemoryFileSystem()
      var expected: [Row] = []
      var store: Store?
      try {
        let (made, rows) = try Self.history(index, files)
        expected = rows
        DeltaTests.compact(made, Int64(first), Int64(last))
        if first % 2 == 0 { try made.checkpoint() }
        if !restarts { store = made }
      }()
      let reader = try store ?? TestStore.open(files)
      #expect(try Base.contents(of: reader) == expected, "\(first)-\(last)")
      // One below what there is for even rows, the same for odd ones.
      let next = expected.enumerated().map { id, row -> Row in
        guard case .integer(let known) = row[1] else { return row }
        return [row[0], .integer(id % 2 == 0 ? known - 1 : known), .string("next"), .integer(-1)]
      }
      try Base.load(Array(next[..<10]), into: reader)
      try reader.commit(
        Base.partial(
          ["id", "a", "b", "c"], Array(next[10...]), in: reader, strategy: .delta))
      for id in stride(from: 1, to: 20, by: 2) { expected[id] = next[id] }
      #expect(try Base.contents(of: reader) == expected, "after \(first)-\(last)")
      #expect(StoreVerifier(reader).run().problems == [])
      store = nil
    }
  }
}
