import Foundation
import IngestDriver
import QueryEngine
import ScanKernels
import StorageBase
import StorageIO
import TabletEngine
import Testing

@testable import StreamDriver

/// The examples of generators, against what their rows come to.
struct GeneratorExampleTests {
  private let files = MemoryFileSystem()
  private let clock = SystemClock()

  /// Runs an example with fewer rows, stopped and begun again now and then.
  private func store(
    _ name: String, _ change: (inout GeneratorSpec) -> Void
  ) throws -> (Store, GeneratorSpec) {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../examples/generators/\(name).yaml").standardizedFileURL
    var spec = try PipelineSpec(
      yaml: String(contentsOf: path, encoding: .utf8), path: path.path)
    guard case .generated(var generator) = spec.source else {
      throw StorageError.invalidArgument(
        name: "example", value: path.path, reason: "it does not generate its rows")
    }
    change(&generator)
    spec.source = .generated(generator)
    spec.checkpointSeconds = 0.01
    spec.batchRowCount = 500
    let store = try Store.create("/store", files: files, clock: clock, entropy: 1)
    for turn in 0..<20 {
      spec.writerCount = 1 + turn % 3
      let pipeline = try Pipeline(spec, store: store, files: files, clock: clock)
      let run = try StreamRun(pipeline.plan, stateDirectory: "/state", files: files, clock: clock)
      try StreamThreads(run, clock: clock).run(tickSeconds: 0.02) {
        if turn < 2 { run.requestStop() }
      }
      if run.status.isExhausted { return (store, generator) }
    }
    throw StorageError.invalidArgument(name: "example", value: name, reason: "it does not end")
  }

  private func rows(_ sql: String, in store: Store) throws -> [[Value]] {
    let statement = try SQLStatement(sql)
    let table = try store.snapshot(of: statement.tableName)
    return try statement.bound(to: table.definition.schema).run(on: table).result.rows
  }

  @Test func clicks() throws {
    let (store, generator) = try store("clicks") { $0.rowCount = 6000 }
    var parameters = ClickEvents.Parameters()
    parameters.userCount = try #require(generator.userCount)
    parameters.eventsPerSecond = try #require(generator.eventsPerSecond)
    let events = try ClickEvents(parameters)
    let clicks = (0..<6000).map { events.click($0) }
    #expect(
      try rows("SELECT count(*), count(distinct click_id), sum(duration_ms) FROM clicks", in: store)
        == [
          [
            .integer(6000), .integer(6000),
            .integer(clicks.reduce(0) { $0 + Int128($1.milliseconds) }),
          ]
        ])
    let visits = Dictionary(grouping: clicks, by: \.visitID)
    let found = try rows("SELECT visit_id, clicks FROM visits ORDER BY visit_id", in: store)
    #expect(
      found
        == visits.sorted { $0.key < $1.key }.map {
          [.integer(Int128($0.key)), .integer(Int128($0.value.count))]
        })
  }

  /// Of every column the last value of its user.
  @Test func product360() throws {
    let (store, generator) = try store("product360") {
      $0.rowCount = 2400
      $0.partitionCount = 8
      $0.userCount = 150
      $0.columnCount = 80
    }
    var parameters = Product360.Parameters()
    parameters.userCount = try #require(generator.userCount)
    parameters.columnCount = try #require(generator.columnCount)
    let workload = try Product360(parameters)
    let stream = Product360Stream(workload)
    var expected: [Value: [Value]] = [:]
    for partition in 0..<generator.partitionCount {
      let columns = workload.columns(ofStream: partition % 4)
      for row in 0..<300 {
        let user = stream.user(ofRow: row, writer: partition, writerCount: 8)
        let batch = try workload.rows(columns, users: [user], turn: row)
        let key = Value.integer(Int128(user))
        let old = expected[key] ?? [key] + [Value](repeating: .null, count: 79)
        expected[key] = old
        for (place, column) in columns.enumerated() {
          expected[key]?[column] = batch.columns[place][0]
        }
      }
    }
    let names = workload.schema.columns.map(\.name).joined(separator: ", ")
    let found = try rows("SELECT \(names) FROM product360", in: store)
    #expect(expected.count > 100 && found.count == expected.count)
    for row in found {
      guard row == expected[row[0]] else {
        Issue.record("\(row), expected \(expected[row[0]] ?? [])")
        return
      }
    }
  }

  @Test func tpchRefresh() throws {
    let (store, generator) = try store("tpch-refresh") {
      $0.rowCount = 5000
      $0.scale = 0.02
    }
    // The same rows once more, into a dictionary.
    var parameters = TPCHRefresh.Parameters()
    parameters.scale = try #require(generator.scale)
    let refresh = try TPCHRefresh(parameters)
    var orders: [[Value]: [Value]] = [:]
    var items: [[Value]: [Value]] = [:]
    for writer in 0..<generator.partitionCount {
      let source = try refresh.makeSource(writer: writer, writerCount: generator.partitionCount)
      let batch = try #require(
        try source.nextBatch(maxRows: 5000 / generator.partitionCount))
      for row in 0..<batch.rowCount {
        let values = batch.columns.map { $0[row] }
        let isDeletion = values[1] == .string("delete")
        if values[0] == .string("orders") {
          orders[[values[2]]] = isDeletion ? nil : [values[2], values[5]]
        } else {
          items[[values[11], values[14]]] =
            isDeletion ? nil : [values[11], values[14], values[16]]
        }
      }
    }
    #expect(orders.count < 5000 / 8)
    let foundOrders = try rows("SELECT o_orderkey, o_totalprice FROM orders", in: store)
    #expect(Set(foundOrders) == Set(orders.values) && foundOrders.count == orders.count)
    let foundItems = try rows(
      "SELECT l_orderkey, l_linenumber, l_extendedprice FROM lineitem", in: store)
    #expect(Set(foundItems) == Set(items.values) && foundItems.count == items.count)
  }
}
