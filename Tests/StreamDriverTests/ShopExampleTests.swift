import Foundation
import IngestDriver
import QueryEngine
import ScanKernels
import StorageBase
import StorageIO
import StreamTransforms
import TabletEngine
import Testing

@testable import StreamDriver

/// The example of the repository, against a batch computation of the same orders.
struct ShopExampleTests {
  private static let rowCount = 12_000
  private let files = MemoryFileSystem()
  private let clock = SystemClock()

  private func spec() throws -> PipelineSpec {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../examples/shop/shop.yaml").standardizedFileURL
    var spec = try PipelineSpec(
      yaml: String(contentsOf: path, encoding: .utf8), path: path.path)
    guard case .generated(var generator) = spec.source else {
      throw StorageError.invalidArgument(
        name: "example", value: path.path, reason: "it does not generate its rows")
    }
    generator.rowCount = Self.rowCount
    generator.rowsPerSecond = nil
    spec.source = .generated(generator)
    spec.checkpointSeconds = 0.02
    return spec
  }

  private func rows(_ sql: String, in store: Store) throws -> [[Value]] {
    let statement = try SQLStatement(sql)
    let table = try store.snapshot(of: statement.tableName)
    return try statement.bound(to: table.definition.schema).run(on: table).result.rows
  }

  /// An order that none of the rules sends away, and what the pipeline makes of it.
  private struct Kept {
    let order: RawOrders.Order
    let status: String
    var amount: Int64 { ShopDimension.price(ofProduct: order.productID) * order.quantity }
  }

  private func kept() throws -> [Kept] {
    var parameters = RawOrders.Parameters()
    parameters.eventsPerSecond = 4000
    let orders = try RawOrders(parameters)
    return (0..<Self.rowCount).compactMap { number in
      let order = orders.order(number)
      guard order.quantity >= 1, order.created != "yesterday", order.status != "???",
        order.productID <= RawOrders.productCount
      else { return nil }
      let text = order.status?.filter { $0 != " " }.lowercased()
      return Kept(order: order, status: text == nil || text == "n/a" ? "created" : text ?? "")
    }
  }

  @Test func itsNumbersAreThoseOfABatchComputation() throws {
    let store = try Store.create("/store", files: files, clock: clock, entropy: 1)
    let pipeline = try Pipeline(spec(), store: store, files: files, clock: clock)
    let run = try StreamRun(
      pipeline.plan, stateDirectory: "/state", files: files, clock: clock)
    try StreamThreads(run, clock: clock).run()
    let kept = try kept()
    #expect(kept.count < Self.rowCount && kept.count > Self.rowCount / 2)
    #expect(run.status.counts.readRows == UInt64(Self.rowCount))
    #expect(run.status.counts.rejectedRows == UInt64(Self.rowCount - kept.count))
    checkSteps(run.status.steps, keptCount: kept.count)
    try checkOrders(kept, store)
    try checkRevenue(kept, store)
    try checkActiveUsers(kept, store)
    try checkSessions(kept, store)
    for question in pipeline.spec.dashboard { #expect(try !rows(question.sql, in: store).isEmpty) }
  }

  /// Every row that comes to a transform goes on, or somewhere else, and both are told.
  private func checkSteps(_ steps: [StepCounters], keptCount: Int) {
    #expect(steps.count == 6 && steps.first?.rowsIn == Self.rowCount)
    for (step, next) in zip(steps, steps.dropFirst()) { #expect(next.rowsIn == step.rowsOut) }
    for step in steps {
      #expect(step.rowsIn == step.rowsOut + step.rowsDropped + step.rowsDiverted, "\(step)")
    }
    #expect(steps.last?.rowsOut == keptCount)
    #expect(steps.reduce(0) { $0 + $1.rowsDiverted } == Self.rowCount - keptCount)
  }

  private func checkOrders(_ kept: [Kept], _ store: Store) throws {
    let found = try rows(
      "SELECT order_id, status, phone, city, category, amount FROM orders ORDER BY order_id",
      in: store)
    #expect(found.count == kept.count)
    for (row, one) in zip(found, kept) {
      let phone = one.order.phone
      let masked =
        phone.prefix(3) + String(repeating: "*", count: phone.count - 7)
        + phone.suffix(4)
      let expected: [Value] = [
        .integer(Int128(one.order.id)), .string(one.status), .string(String(masked)),
        .string(ShopDimension.city(ofUser: one.order.userID)),
        .string(ShopDimension.category(ofProduct: one.order.productID)),
        .integer(Int128(one.amount)),
      ]
      guard row == expected else {
        Issue.record("\(row), expected \(expected)")
        return
      }
    }
  }

  private func checkRevenue(_ kept: [Kept], _ store: Store) throws {
    var expected: [[String]: (amount: Int64, count: Int64)] = [:]
    for one in kept {
      let minute = one.order.time.rawValue.flooredDivision(by: 60_000_000) * 60_000_000
      let key = ["\(minute)", ShopDimension.category(ofProduct: one.order.productID)]
      let old = expected[key] ?? (0, 0)
      expected[key] = (old.amount + one.amount, old.count + 1)
    }
    let found = try rows(
      "SELECT window_start, category, revenue, orders FROM revenue_per_minute", in: store)
    #expect(found.count == expected.count)
    for row in found {
      guard case .integer(let start) = row[0], case .string(let category) = row[1] else { return }
      let wanted = expected["\(start)", category]
      #expect(row[2] == wanted.map { .integer(Int128($0.amount)) })
      #expect(row[3] == wanted.map { .integer(Int128($0.count)) })
    }
  }

  private func checkActiveUsers(_ kept: [Kept], _ store: Store) throws {
    var expected: [Int64: Set<Int64>] = [:]
    for one in kept {
      let last = one.order.time.rawValue.flooredDivision(by: 1_000_000)
      for start in last - 4...last {
        expected[start * 1_000_000, default: []].insert(one.order.userID)
      }
    }
    let found = try rows("SELECT window_start, users FROM active_users", in: store)
    #expect(found.count == expected.count)
    for row in found {
      guard case .integer(let start) = row[0] else { return }
      #expect(row[1] == expected[Int64(start)].map { .integer(Int128($0.count)) })
    }
  }

  private func checkSessions(_ kept: [Kept], _ store: Store) throws {
    var expected: [[Int64]] = []
    for (user, orders) in Dictionary(grouping: kept, by: \.order.userID) {
      var last: Int64?
      for one in orders.sorted(by: { $0.order.time < $1.order.time }) {
        let time = one.order.time.rawValue
        if let last, time - last < 10_000_000 {
          expected[expected.count - 1][2] += 1
          expected[expected.count - 1][3] += one.amount
        } else {
          expected.append([user, time, 1, one.amount])
        }
        last = time
      }
    }
    let found = try rows("SELECT user_id, window_start, orders, spent FROM sessions", in: store)
      .map { row in
        row.map { value -> Int64 in
          if case .integer(let number) = value { Int64(number) } else { -1 }
        }
      }
    func ordered(_ rows: [[Int64]]) -> [[Int64]] {
      rows.sorted { $0.lexicographicallyPrecedes($1) }
    }
    #expect(ordered(found) == ordered(expected))
  }
}

extension Dictionary where Key == [String] {
  fileprivate subscript(parts: String...) -> Value? { self[parts] }
}
