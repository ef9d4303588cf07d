import ScanKernels
import SegmentFormat
import StorageBase
import StorageIO
import Testing

@testable import TabletEngine

/// Lookups by key beside the random histories of `UniqueKeyTests`.
@Suite struct LookupTests {
  private static func id(_ number: UInt32) -> ColumnID { ColumnID(rawValue: number) }

  /// A vector of one column.
  private static func vector(_ values: [Value], _ type: DataType) -> ColumnVector {
    let builder = ColumnBuilder(type: type)
    for value in values { builder.append(value) }
    return builder.finish()
  }

  private static func store(
    _ files: MemoryFileSystem, _ definition: TableDefinition
  ) throws -> Store {
    let store = try Store.create(
      TestStore.path, files: files, clock: ManualClock(Timestamp(rawValue: 1_000_000)), entropy: 7)
    try store.createTable(definition)
    return store
  }

  @Test(arguments: [StoredRows.all, .columns([4, 3, 1].map(id)), .columns([id(3)])])
  func rowStoresFollowSchemaChanges(rows: StoredRows) throws {
    let files = MemoryFileSystem()
    let shape = UniqueKeyModel.Shape(rowStore: rows)
    var random = SeededGenerator(seed: 3)
    var model = UniqueKeyModel(shape)
    let table = UniqueKeyModel.table
    do {
      let store = try Self.store(files, UniqueKeyModel.definition(shape))
      for number in 0..<3 {
        let load = try model.makeLoad(number, &random)
        let builder = try store.beginLoad(into: table)
        try builder.append(load.batch, deleteSigns: load.deleteSigns)
        model.publish(load, sequence: try store.commit(builder.prepare()).sequence)
      }
      _ = try store.alter(
        table: table,
        [
          .dropColumn("state"), .widenColumn("moment", to: .int64),
          .addColumn(name: "hint", type: .int8, isNullable: false, defaultValue: .integer(5)),
        ])
    }
    let store = try TestStore.open(files)
    let snapshot = try store.snapshot(of: table)
    let left: StoredRows? =
      switch rows {
      case .all: .all
      case .columns(let ids): ids.count == 1 ? nil : .columns([Self.id(1), Self.id(4)])
      }
    #expect(snapshot.definition.rowStore == left)
    for segment in snapshot.tablets.flatMap(\.segments) {
      #expect(try segment.reader().rowStore()?.rowCount == segment.reader().rowCount)
    }
    let keys = model.visible.map { $0[0] }
    let result = try snapshot.lookup([Self.vector(keys, .int64)])
    #expect(result.rowCount == keys.count && keys.count > 5)
    let found = (0..<result.rowCount).map { row in result.columns.map { $0[row] } }
    #expect(found == model.visible.map { [$0[0], $0[1], $0[3], .integer(5)] })
    #expect(try keys.map { try snapshot.row(forKey: [$0])?.values } == found)
    #expect(StoreVerifier(store).run().problems == [])
  }

  @Test func columnsThatAreNoKeysAreRefused() throws {
    let files = MemoryFileSystem()
    let store = try Self.store(files, UniqueKeyModel.definition(UniqueKeyModel.Shape()))
    let table = try store.snapshot(of: UniqueKeyModel.table)
    let refused = [
      [], [Self.vector([.integer(1)], .int32)], [Self.vector([.null], .int64)],
      [Self.vector([.integer(1)], .int64), Self.vector([.integer(1)], .int64)],
    ]
    for keys in refused { #expect(throws: StorageError.self) { try table.lookup(keys) } }
    let key = [Self.vector([.integer(1)], .int64)]
    #expect(throws: StorageError.self) { try table.lookup(key, columns: ["nothing"]) }
    #expect(try table.lookup(key).rowCount == 0)
    let noKeys: [[Value]] = [
      [], [.null], [.string("1")], [.floating(1)], [.integer(1), .integer(1)],
      [.integer(Int128(Int64.max) + 1)],
    ]
    for key in noKeys {
      #expect(throws: StorageError.self) { try table.row(forKey: key) }
    }
    #expect(try table.row(forKey: [.integer(1)]) == nil)
    try store.createTable(TestStore.definition())
    let orders = try store.snapshot(of: TestStore.tableName)
    #expect(throws: StorageError.self) { try orders.lookup(key) }
    #expect(throws: StorageError.self) { try orders.row(forKey: [.integer(1)]) }
  }

  private static let keys: [(DataType, [Value])] = [
    (.bool, [.integer(0), .integer(1), .null]),
    (.int8, [.integer(-128), .integer(0), .integer(127), .null]),
    (.int16, [.integer(-32768), .integer(1), .null]),
    (.int32, [.integer(-1), .integer(1), .integer(0), .null]),
    (.int64, [.integer(Int128(Int64.min)), .integer(Int128(Int64.max)), .null]),
    (.date, [.integer(-5), .integer(20_000)]),
    (.datetime, [.integer(-5), .integer(1 << 50)]),
    (.decimal(precision: 12, scale: 2), [.integer(-1), .integer(999)]),
    (.decimal(precision: 38, scale: 0), [.integer(-1), .integer(1 << 100), .null]),
    (.double, [.floating(0), .floating(-1.5), .floating(.infinity), .null]),
    (.float, [.floating(0), .floating(-1.5), .null]),
    (.string, [.string(""), .string("a"), .string("a\0"), .string("b"), .null]),
  ]

  @Test(arguments: [false, true], keys.indices)
  func keysOfAllTypesAreFound(hasRowStore: Bool, position: Int) throws {
    let (type, values) = Self.keys[position]
    for index in UniqueKeyOptions.Index.allCases {
      let isNullable = values.contains(.null)
      let schema = try Schema(
        columns: [
          Column(id: Self.id(1), name: "key", type: type, isNullable: isNullable),
          Column(id: Self.id(2), name: "number", type: .int32),
        ], sortKeyCount: 1, keysModel: .unique)
      let store = try Self.store(
        MemoryFileSystem(),
        TableDefinition(
          name: "keys", schema: schema, bucketCount: 2,
          uniqueKeys: UniqueKeyOptions(index: index), rowStore: hasRowStore ? .all : nil))
      // The last key is left out.
      let stored = values.dropLast()
      let numbers = stored.indices.map { Value.integer(Int128($0)) }
      try store.load(
        ColumnBatch(
          schema: schema, rowCount: stored.count,
          columns: [Self.vector(Array(stored), type), Self.vector(numbers, .int32)]),
        into: "keys")
      let asked = Array(values.reversed() + values)
      let result = try store.snapshot(of: "keys").lookup([Self.vector(asked, type)])
      #expect((0..<asked.count).map { result.found[$0] } == asked.map { $0 != values.last })
      let found = (0..<result.rowCount).map { row in result.columns.map { $0[row] } }
      let expected = asked.filter { $0 != values.last }
        .map { key in [key, .integer(Int128(values.firstIndex(of: key)!))] }
      #expect(found == expected)
      let table = try store.snapshot(of: "keys")
      for value in values {
        let row = try table.row(forKey: [value])?.values
        let number = values.firstIndex(of: value)!
        #expect(row == (value == values.last ? nil : [value, .integer(Int128(number))]))
      }
    }
  }
}
