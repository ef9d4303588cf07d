import ScanKernels
import StorageBase
import StreamTransforms
import Synchronization
import Testing

struct LookupTests {
  /// A dimension in memory that counts what it is asked.
  private final class Users: DimensionLookup {
    struct State {
      var rows: [Int64: (String?, Int64)] = [:]
      var askedKeys: [Int64] = []
      var fails = false
    }

    let state: Mutex<State>

    init(_ rows: [Int64: (String?, Int64)]) { state = Mutex(State(rows: rows)) }

    let keyColumns = [Column(id: ColumnID(rawValue: 1), name: "id", type: .int64)]
    let columns = [
      Column(id: ColumnID(rawValue: 1), name: "id", type: .int64),
      Column(id: ColumnID(rawValue: 2), name: "city", type: .string, isNullable: true),
      Column(id: ColumnID(rawValue: 3), name: "age", type: .int64),
    ]

    func find(_ keys: [ColumnVector], rowCount: Int, columns: [Int]) throws -> DimensionRows {
      try state.withLock { state in
        if state.fails {
          throw StorageError.invalidArgument(name: "users", value: "", reason: "gone")
        }
        let found = Bitmap(count: rowCount)
        let builders = columns.map { ColumnBuilder(type: self.columns[$0].type) }
        for row in 0..<rowCount {
          guard case .integer(let wide) = keys[0][row] else { preconditionFailure("a null key") }
          let id = Int64(wide)
          state.askedKeys.append(id)
          let entry = state.rows[id]
          if entry != nil { found.set(row) }
          for (column, builder) in zip(columns, builders) {
            switch column {
            case 0: builder.append(integer: id)
            case 1: builder.append(entry?.0.map { .string($0) } ?? .null)
            default: builder.append(integer: entry?.1 ?? 0)
            }
          }
        }
        return DimensionRows(found: found, columns: builders.map { $0.finish() })
      }
    }

    func asked() -> [Int64] {
      state.withLock { state in
        defer { state.askedKeys = [] }
        return state.askedKeys
      }
    }
  }

  private static func join(
    _ miss: LookupJoin.Miss = .null, rows: Int = 100, ttl: Int64? = nil
  ) -> LookupJoin {
    LookupJoin(
      "users", on: [.init(stream: "user", dimension: "id")],
      adding: [
        .init(stream: "user_city", dimension: "city"), .init(stream: "age", dimension: "age"),
      ],
      cacheRowsMax: rows, timeToLive: ttl, miss: miss)
  }

  private func sample(_ keys: [Int64?]) -> TableSample {
    TableSample(
      [("user", .int32, true)], keys.map { [$0.map { .integer(Int128($0)) } ?? .null] })
  }

  private func chain(_ join: LookupJoin, _ users: Users) throws -> TransformChain {
    try TransformChain(
      [TransformStep("join", .lookup(join))], input: sample([]).schema,
      resources: TransformResources(dimensions: ["users": users]))
  }

  private func apply(
    _ chain: inout TransformChain, _ keys: [Int64?], now: Int64 = 0
  ) throws -> ([[Value]], [RejectedRow]) {
    var rejected: [RejectedRow] = []
    let batch = try chain.apply(
      sample(keys).batch, at: Timestamp(rawValue: now), rejected: &rejected)
    return (batch.rows.allRows, rejected)
  }

  private func users() -> Users { Users([1: ("Rome", 20), 2: (nil, 30), 3: ("Oslo", 40)]) }

  @Test func rowsAreJoinedAndKeptForTheNext() throws {
    let users = users()
    var chain = try chain(Self.join(), users)
    #expect(
      chain.outputSchema.columns.map { "\($0.name) \($0.type) \($0.isNullable)" }
        == ["user int32 true", "user_city string true", "age int64 true"])
    let expected: [[Value]] = [
      [1, "Rome", 20], [nil, nil, nil], [9, nil, nil], [2, nil, 30], [1, "Rome", 20],
    ]
    #expect(try apply(&chain, [1, nil, 9, 2, 1]).0 == expected)
    #expect(users.asked() == [1, 9, 2])
    #expect(try apply(&chain, [1, nil, 9, 2, 1]).0 == expected)
    #expect(users.asked() == [])
    #expect(try apply(&chain, [3, 1]).0 == [[3, "Oslo", 40], [1, "Rome", 20]])
    #expect(users.asked() == [3])
    #expect(chain.counters[0].cacheMisses == 4 && chain.counters[0].cacheHits == 6)
  }

  @Test func rowsWithoutAMatchAreHandled() throws {
    let users = users()
    var chain = try chain(Self.join(.drop), users)
    #expect(try apply(&chain, [9, 1, nil]).0 == [[1, "Rome", 20]])
    chain = try self.chain(Self.join(.divert), users)
    let (rows, rejected) = try apply(&chain, [9, 1, nil])
    #expect(rows.count == 1 && rejected.map(\.offset) == [100, 102])
    #expect(
      rejected.map(\.reason) == ["users has no row for user 9", "users has no row for user null"])
    chain = try self.chain(Self.join(.values(["user_city": "?"])), users)
    #expect(try apply(&chain, [9, 2]).0 == [[9, "?", nil], [2, nil, 30]])
    chain = try self.chain(Self.join(.fail), users)
    #expect(throws: StorageError.self) { try apply(&chain, [1, 9]) }
    #expect(try apply(&chain, [1, 3]).0.count == 2)
  }

  @Test func whatIsOldIsAskedForAgain() throws {
    let users = users()
    var chain = try chain(Self.join(ttl: 100), users)
    _ = try apply(&chain, [1, 9], now: 1000)
    users.state.withLock { $0.rows[9] = ("Bonn", 1) }
    users.state.withLock { $0.rows[1] = ("Paris", 2) }
    #expect(try apply(&chain, [1, 9], now: 1100).0 == [[1, "Rome", 20], [9, nil, nil]])
    #expect(try apply(&chain, [1, 9], now: 1101).0 == [[1, "Paris", 2], [9, "Bonn", 1]])
    #expect(users.asked() == [1, 9, 1, 9])
  }

  @Test func aFullCacheIsEmptied() throws {
    let users = users()
    var chain = try chain(Self.join(rows: 2), users)
    _ = try apply(&chain, [1, 2])
    _ = try apply(&chain, [1, 2, 3])
    #expect(users.asked() == [1, 2, 3])
    #expect(try apply(&chain, [3]).0 == [[3, "Oslo", 40]])
    #expect(users.asked() == [3])
  }

  /// After an error nothing is believed that was not answered.
  @Test func anErrorLeavesNothingBehind() throws {
    let users = users()
    var chain = try chain(Self.join(), users)
    users.state.withLock { $0.fails = true }
    #expect(throws: StorageError.self) { try apply(&chain, [1]) }
    users.state.withLock { $0.fails = false }
    #expect(try apply(&chain, [1]).0 == [[1, "Rome", 20]])
  }

  /// Batches of any keys give what a dictionary gives, whatever the cache holds by then.
  @Test(arguments: 0..<6)
  func anyBatchesAreJoined(seed: Int) throws {
    var generator = SeededGenerator(seed: UInt64(seed))
    var table: [Int64: (String?, Int64)] = [:]
    for key in 0..<3000 where Int.random(in: 0..<4, using: &generator) > 0 {
      table[Int64(key)] = (key % 7 == 0 ? nil : "city \(key % 50)", Int64(key) * 2)
    }
    let users = Users(table)
    var chain = try chain(Self.join(rows: [0, 500, 10_000][seed % 3]), users)
    for _ in 0..<12 {
      let keys = (0..<400).map { _ -> Int64? in
        let key = Int64.random(in: -5...2999, using: &generator)
        return key < 0 ? nil : key
      }
      let expected = keys.map { key -> [Value] in
        guard let key else { return [nil, nil, nil] }
        guard let row = table[key] else { return [.integer(Int128(key)), nil, nil] }
        return [
          .integer(Int128(key)), row.0.map { .string($0) } ?? .null, .integer(Int128(row.1)),
        ]
      }
      #expect(try apply(&chain, keys).0 == expected)
    }
  }

  @Test func mistakesAreSaid() throws {
    let join = LookupJoin(
      "users",
      on: [.init(stream: "usr", dimension: "id"), .init(stream: "user", dimension: "age")],
      adding: [.init(stream: "c", dimension: "cty")], miss: .values(["d": 1]))
    do {
      _ = try chain(join, users())
      Issue.record("taken")
    } catch {
      for part in [
        "key usr is not there; did you mean user?", "age is not of the key of users; it is id",
        "users has no column cty; did you mean city?", "a value for d, which the lookup does not",
      ] { #expect("\(error)".contains(part), "\(part) in \(error)") }
    }
  }
}
