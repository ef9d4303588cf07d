import Glibc
import ScanKernels
import StorageBase
import Testing

@testable import IngestDriver

struct OrderEventsTests {
  private func events(_ change: (inout OrderEvents.Parameters) -> Void = { _ in }) throws
    -> OrderEvents
  {
    var parameters = OrderEvents.Parameters()
    parameters.userCount = 1000
    parameters.rowsPerWriter = 5000
    change(&parameters)
    return try OrderEvents(parameters)
  }

  private func rows(_ events: OrderEvents, writer: Int, of count: Int, batch: Int) throws
    -> [[Value]]
  {
    try allRows(try events.makeSource(writer: writer, writerCount: count), maxRows: batch)
  }

  @Test func theSameSeedGivesTheSameRowsWhateverTheBatches() throws {
    let first = try rows(events(), writer: 0, of: 2, batch: 1000)
    #expect(first.count == 5000)
    #expect(try rows(events(), writer: 0, of: 2, batch: 77) == first)
    #expect(try rows(events(), writer: 1, of: 2, batch: 1000) != first)
    #expect(try rows(events { $0.seed = 2 }, writer: 0, of: 2, batch: 1000) != first)
  }

  @Test func writersShareTheOrderNumbersAndTheClock() throws {
    let events = try events {
      $0.start = Timestamp(rawValue: 0)
      $0.rowsPerSecond = 1000
      $0.latenessSeconds = 0.5
    }
    var orders: [Int128] = []
    for writer in 0..<3 {
      for row in try rows(events, writer: writer, of: 3, batch: 999) {
        guard case .integer(let time) = row[1], case .integer(let order) = row[2] else {
          return #expect(Bool(false))
        }
        orders.append(order)
        let turn = (order - 1) * 1000
        #expect(time <= turn && time >= turn - 500_000)
      }
    }
    #expect(orders.sorted() == Array(1...15_000))
  }

  @Test func distributionsAreAsSaid() throws {
    let events = try events { $0.rowsPerWriter = 40_000 }
    let source = try events.makeSource(writer: 0, writerCount: 1)
    let batch = try #require(try source.nextBatch(maxRows: 40_000))
    #expect(try source.nextBatch(maxRows: 1) == nil)
    let total = Double(batch.rowCount)
    func counts(_ name: String) throws -> [Value: Int] {
      let column = batch.columns[try batch.schema.requireIndex(of: name)]
      return (0..<batch.rowCount).reduce(into: [:]) { $0[column[$1], default: 0] += 1 }
    }
    func share(_ count: Int?) -> Double { Double(count ?? 0) / total }

    let users = try counts("user_id")
    #expect(users.keys.allSatisfy { $0 >= 1 && $0 <= 1000 })
    // The weights of Zipf's law at 0.9 sum to 10.9 over 1000, so the first has 9.2 %.
    let weights = (1...1000).map { pow(Double($0), -0.9) }
    let expected = weights[0] / weights.reduce(0, +)
    #expect(abs(share(users.values.max()) - expected) < 0.01)
    let statuses = try counts("status")
    #expect(statuses.count == 6)
    #expect(abs(share(statuses[.string("created")]) - 0.30) < 0.01)
    #expect(abs(share(statuses[.string("refunded")]) - 0.02) < 0.005)
    #expect(try counts("city").count == 50)
    #expect(abs(share(try counts("coupon")[.null]) - 0.85) < 0.01)
    #expect(try counts("coupon").count == 41)
    #expect(abs(share(try counts("is_gift")[.integer(1)]) - 0.05) < 0.005)
    #expect(try counts("quantity").keys.allSatisfy { $0 >= 1 && $0 <= 10 })
    #expect(try counts("product_id").count > 5000)
    let range = try #require(DataType.decimal(precision: 12, scale: 2).integerRange)
    #expect(try counts("amount").keys.allSatisfy { $0 >= 99 && $0 <= Int(range.upperBound) })
  }

  @Test func aliasTablesFollowTheirWeights() {
    var generator = SeededGenerator(seed: 1)
    let weights = [0.0, 5, 1, 0, 3, 1]
    let table = AliasTable(weights: weights)
    var counts = [Int](repeating: 0, count: weights.count)
    for _ in 0..<100_000 { counts[table.draw(generator.next())] += 1 }
    for (count, weight) in zip(counts, weights) {
      #expect(abs(Double(count) / 100_000 - weight / 10) < 0.01)
      #expect(weight > 0 || count == 0)
    }
  }

  @Test(arguments: [1, 2, 3, 10, 50, 997, 1000])
  func permutationsLoseNothing(count: Int) {
    let permutation = NumberPermutation(count: count)
    #expect(Set((0..<count).map { permutation[$0] }) == Set(0..<count))
  }

  @Test func parametersAreChecked() {
    #expect(message { _ = try events { $0.userCount = 0 } } == "users 0: not in 1...2147483648")
    #expect(message { _ = try events { $0.rowsPerSecond = .nan } } != nil)
    #expect(message { _ = try events { $0.latenessSeconds = -1 } } != nil)
  }
}

extension Value {
  fileprivate static func >= (value: Value, bound: Int) -> Bool {
    if case .integer(let integer) = value { integer >= bound } else { false }
  }

  fileprivate static func <= (value: Value, bound: Int) -> Bool {
    if case .integer(let integer) = value { integer <= bound } else { false }
  }
}
