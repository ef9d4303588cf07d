import ScanKernels
import StorageBase
import Testing

@testable import IngestDriver

struct ClickEventsTests {
  private func events(seed: UInt64 = 1) throws -> ClickEvents {
    var parameters = ClickEvents.Parameters()
    parameters.seed = seed
    parameters.userCount = 5000
    return try ClickEvents(parameters)
  }

  private func rows(_ events: ClickEvents, writer: Int, of count: Int, batches: [Int]) throws
    -> [[Value]]
  {
    let source = try events.makeSource(writer: writer, writerCount: count)
    return try batches.flatMap { size in
      let batch = try #require(try source.nextBatch(maxRows: size))
      return (0..<batch.rowCount).map { row in batch.columns.map { $0[row] } }
    }
  }

  @Test func rowsDependOnTheirNumbersAlone() throws {
    let events = try events()
    let whole = try rows(events, writer: 0, of: 1, batches: [3000])
    #expect(try rows(events, writer: 0, of: 1, batches: [1, 999, 1500, 500]) == whole)
    for writer in 0..<3 {
      let own = try rows(events, writer: writer, of: 3, batches: [1000])
      #expect(own == (0..<1000).map { whole[$0 * 3 + writer] })
    }
    #expect(try rows(self.events(seed: 2), writer: 0, of: 1, batches: [3000]) != whole)
  }

  @Test func visitsAreOfOneVisitorAndGoDeeper() throws {
    let events = try events()
    let clicks = (0..<64 * 8 * 20).map { events.click($0) }
    #expect(clicks.map(\.id) == (1...Int64(clicks.count)).map { $0 })
    let visits = Dictionary(grouping: clicks, by: \.visitID)
    #expect(visits.count == 64 * 20)
    var reached = [Int](repeating: 0, count: ClickEvents.pages.count)
    for visit in visits.values {
      #expect(visit.count == 8 && Set(visit.map(\.userID)).count == 1)
      #expect(visit.allSatisfy { $0.userID >= 1 && $0.userID <= 5000 })
      let pages = visit.sorted { $0.id < $1.id }.map(\.page)
      #expect(pages == pages.sorted() && pages.first == 0)
      #expect(visit.count { $0.referrer != nil } <= 1)
      reached[pages.last ?? 0] += 1
    }
    #expect((reached.last ?? 0) > 0 && (reached.last ?? 0) < visits.count / 2)
    // A few visitors come far more often than most.
    let users = Dictionary(grouping: clicks, by: \.userID).values.map(\.count).sorted()
    #expect((users.last ?? 0) >= 5 * users[users.count / 2])
  }

  @Test func timesAreOutOfOrderByLessThanTheJitter() throws {
    let events = try events()
    var newest = Int64.min
    var isOutOfOrder = false
    for number in 0..<5000 {
      let time = events.click(number).time.rawValue
      #expect(newest == .min || time > newest - ClickEvents.jitter)
      isOutOfOrder = isOutOfOrder || time < newest
      newest = max(newest, time)
    }
    #expect(isOutOfOrder)
  }
}
