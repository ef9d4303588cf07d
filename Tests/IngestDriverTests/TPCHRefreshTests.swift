import ScanKernels
import StorageBase
import Testing

@testable import IngestDriver

struct TPCHRefreshTests {
  private func refresh() throws -> TPCHRefresh {
    var parameters = TPCHRefresh.Parameters()
    parameters.scale = 0.02
    parameters.keptSetCount = 2
    return try TPCHRefresh(parameters)
  }

  private func rows(writer: Int, of count: Int, batches: [Int]) throws -> [[Value]] {
    let source = try refresh().makeSource(writer: writer, writerCount: count)
    return try batches.flatMap { size in
      let batch = try #require(try source.nextBatch(maxRows: size))
      return (0..<batch.rowCount).map { row in batch.columns.map { $0[row] } }
    }
  }

  @Test func rowsAreTheSameWhateverTheBatches() throws {
    let whole = try rows(writer: 1, of: 2, batches: [2000])
    #expect(try rows(writer: 1, of: 2, batches: [1, 700, 299, 1000]) == whole)
  }

  /// Sets of thirty orders come, and the oldest thirty go once two sets are there.
  @Test(arguments: [1, 3]) func theOldestOrdersGo(writerCount: Int) throws {
    for writer in 0..<writerCount {
      var orders: [Int128: Int] = [:]
      var items: [[Int128]: Bool] = [:]
      var peak = 0
      for row in try rows(writer: writer, of: writerCount, batches: [4000]) {
        let isDeletion = row[1] == .string("delete")
        if row[0] == .string("orders") {
          guard case .integer(let key) = row[2] else { return #expect(Bool(false)) }
          #expect((orders[key] != nil) == isDeletion, "an order comes once and goes once")
          orders[key] = isDeletion ? nil : 1
          #expect(row[11...].allSatisfy { $0.isNull })
          #expect(row[3...10].allSatisfy { $0.isNull == isDeletion })
        } else {
          guard case .integer(let key) = row[11], case .integer(let number) = row[14] else {
            return #expect(Bool(false))
          }
          #expect((items[[key, number]] != nil) == isDeletion)
          items[[key, number]] = isDeletion ? nil : true
          #expect(row[2..<11].allSatisfy { $0.isNull })
          #expect(row[15...].allSatisfy { $0.isNull == isDeletion })
        }
        peak = max(peak, orders.count)
      }
      #expect(peak == 3 * 30 / writerCount)
    }
  }

  @Test func ordersAreAsTheBenchmarkSays() throws {
    var keys = Set<Int64>()
    var customers = Set<Int64>()
    for number in 0..<2000 {
      let order = TPCHOrder(number, seed: 3, scale: 0.1)
      #expect(keys.insert(order.key).inserted)
      #expect((8...15).contains(order.key % 32))
      customers.insert(order.customer)
      #expect((1...7).contains(order.items.count))
      #expect((8035...10440).contains(order.date))
      let exact = order.items.reduce(0) {
        $0 + $1.extendedPrice * (100 - $1.discount) * (100 + $1.tax) / 10_000
      }
      #expect(order.totalPrice == exact)
      for item in order.items {
        #expect((1...20_000).contains(item.part) && (1...1000).contains(item.supplier))
        #expect((1...50).contains(item.quantity) && item.extendedPrice >= item.quantity * 90_000)
        #expect(item.shipDate > order.date && item.receiptDate > item.shipDate)
        #expect((item.returnFlag == "N") == (item.receiptDate > 9298))
        #expect((item.lineStatus == "O") == (item.shipDate > 9298))
      }
    }
    #expect(customers.allSatisfy { $0 == 1 || $0 % 3 != 0 } && customers.count > 1000)
  }
}
