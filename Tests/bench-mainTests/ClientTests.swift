import CompactionPolicies
import PolicyLab
import QueryEngine
import StorageBase
import StorageIO
import TabletEngine
import TabletModel
import Testing

@testable import bench_main

/// The parts of a run of many clients, and the whole.
@Suite struct ClientTests {
  private func operation(_ client: Int, _ ordinal: UInt64) -> ClientOperation {
    ClientOperation(client: client, kind: .load, due: ordinal, ordinal: ordinal)
  }

  /// Over random histories: a client never has two operations in flight, and sends what became due
  /// in order.
  @Test func clientsHaveOneOperationInFlight() {
    var random = SeededGenerator(seed: 3)
    let crowd = ClientCrowd(count: 5)
    var inFlight: [Int: UInt64] = [:]
    var expected: [Int: [UInt64]] = [:]
    for ordinal in 0..<2000 as Range<UInt64> {
      let client = Int(random.next() % 5)
      if random.next() % 2 == 0 {
        if crowd.begin(operation(client, ordinal)) {
          #expect(inFlight[client] == nil)
          inFlight[client] = ordinal
        } else {
          #expect(inFlight[client] != nil)
          expected[client, default: []].append(ordinal)
        }
      } else if inFlight[client] != nil {
        let next = crowd.end(client)?.ordinal
        #expect(next == expected[client]?.first)
        if next != nil { expected[client]?.removeFirst() }
        inFlight[client] = next
      }
      #expect(crowd.busyCount == inFlight.count)
      #expect(crowd.backlogCount == expected.values.reduce(0) { $0 + $1.count })
    }
    #expect(crowd.busyCountMax == 5)
  }

  @Test func arrivalsAreAPoissonProcess() {
    var schedule = ArrivalSchedule(perSecond: 1000, clients: 10..<30, start: 5, seed: 8)
    var again = ArrivalSchedule(perSecond: 1000, clients: 10..<30, start: 5, seed: 8)
    var last = UInt64(5)
    var (sum, squares) = (0.0, 0.0)
    var clients: Set<Int> = []
    let count = 20_000.0
    for _ in 0..<Int(count) {
      let (client, due) = schedule.takeNext()
      let other = again.takeNext()
      #expect(other.client == client && other.due == due && due >= last)
      let interval = Double(due - last) / 1e6
      sum += interval
      squares += interval * interval
      clients.insert(client)
      last = due
    }
    // Exponential intervals: mean and standard deviation are one millisecond.
    let mean = sum / count
    #expect(abs(mean - 1) < 0.03)
    #expect(abs((squares / count - mean * mean).squareRoot() - 1) < 0.05)
    #expect(clients == Set(10..<30))
  }

  /// What clients know of their acknowledged loads is what the table holds; a load more or less is
  /// noticed.
  @Test func theCheckFindsWhatIsMissing() throws {
    let orders = try ShopOrders(seed: 4, tenants: 100, orderCount: 53)
    let store = try Store.create(
      "/store", files: MemoryFileSystem(), clock: ManualClock(), entropy: 1)
    try store.createTable(
      orders.orderTable(buckets: 2, durability: .sync, compression: .lz4))
    let preloaded = 53
    let numbers = (1...preloaded).map { Int64($0) }
    try store.load(
      orders.batch(numbers, revisions: numbers.map { _ in 0 }), into: ShopOrders.tableName)
    let clients = (0..<7).map { WritingClient(number: $0, of: 7, preloaded: preloaded, seed: 2) }
    func check() throws -> Bool {
      try ClientContentCheck(clients, orders, store.snapshot(of: ShopOrders.tableName)).isEqual
    }
    #expect(try check())
    for turn in 0..<6 {
      let loads = clients.map { $0.nextLoad(rowCount: 1 + turn * 5, orders: orders) }
      let results = store.loadTogether(
        loads.map { LabelledRows(label: $0.label, batch: $0.batch) }, into: ShopOrders.tableName)
      for (client, (load, result)) in zip(clients, zip(loads, results)) {
        _ = try result.get()
        client.acknowledge(load)
      }
      #expect(try check())
    }
    #expect(Set(clients.map(\.acknowledgedCount)) == [6])
    clients[3].acknowledge(clients[3].nextLoad(rowCount: 10, orders: orders))
    #expect(try !check())
  }

  /// Every question by every way gives what a scan without any index gives.
  @Test func questionsAreAnsweredRight() throws {
    let orders = try ShopOrders(seed: 4, tenants: 20, orderCount: 3000)
    let store = try Store.create(
      "/store", files: MemoryFileSystem(), clock: ManualClock(), entropy: 1)
    try store.createTable(
      orders.orderTable(buckets: 1, durability: .sync, compression: .lz4))
    let client = WritingClient(number: 0, of: 1, preloaded: 0, seed: 2)
    for turn in 0..<5 {
      let load = client.nextLoad(rowCount: turn == 0 ? 3000 : 200, orders: orders)
      try store.load(load.batch, into: ShopOrders.tableName)
      client.acknowledge(load)
    }
    let table = try store.snapshot(of: ShopOrders.tableName)
    let questions = ShopQuestions(orders: orders, spanRows: 500)
    var random = SeededGenerator(seed: 6)
    for turn in 0..<10 {
      for kind in QuestionKind.allCases where kind != .pointLookup && kind != .dimensionLookup {
        let query = questions.query(
          kind, user: Int64(1 + turn), orderCount: 3000, random: &random)
        let rows = try query.run(on: table).result.rows
        #expect(rows == (try query.run(on: table, indexes: .never).result.rows))
        if kind == .revenueByCity { #expect(rows.count > 10) }
      }
    }
  }

  /// The whole, with more clients than threads by far: nothing fails, nothing is lost, everything
  /// that was due has come to an end, and the files say so.
  @Test(arguments: [ClientMix.dashboard, .point])
  func everyOperationComesToAnEnd(mix: ClientMix) throws {
    let folder = try TemporaryFolder()
    var settings = ClientSettings()
    settings.clients = 300
    settings.mix = mix
    settings.loadsPerSecond = 200
    settings.queriesPerSecond = 600
    settings.scansPerSecond = 10
    settings.tenants = 50
    settings.preloadedRows = 2000
    settings.spanRows = 300
    let job = try ClientTests.job(folder.path, seconds: 0.4)
    let report = try ClientJob(job, settings, interrupt: InterruptFlag()).run()
    #expect(report.isSound, "\(report.text)")
    let summary = report.summary
    let ended =
      (summary.commits ?? 0) + (summary.queries ?? 0) + (summary.rejectedLoads ?? 0)
      + (summary.refusedQueries ?? 0) + (summary.givenUpOperations ?? 0)
    #expect(ended == summary.offeredOperations)
    #expect(ended > 100)
    #expect(summary.keys == 2000 + (summary.commits ?? 0))
  }

  /// Lines without room refuse, and those who are let in are answered all the same.
  @Test func refusalsAreCounted() throws {
    let folder = try TemporaryFolder()
    var settings = ClientSettings()
    settings.clients = 2000
    settings.loadsPerSecond = 2000
    settings.queriesPerSecond = 20_000
    settings.preloadedRows = 2000
    settings.queueCount = 3
    settings.tenants = 50
    let job = try ClientTests.job(folder.path, seconds: 0.3)
    let report = try ClientJob(job, settings, interrupt: InterruptFlag()).run()
    #expect(report.isSound, "\(report.text)")
    #expect((report.summary.refusedQueries ?? 0) > 0)
    #expect((report.summary.queries ?? 0) > 0)
    #expect((report.summary.waitingMax ?? 0) <= 3)
    #expect(report.text.contains("the limit is 3"))
  }

  /// Scans that would hold more than there is are ended, and nobody else with them.
  @Test func memoryIsAccountedFor() throws {
    let folder = try TemporaryFolder()
    var settings = ClientSettings()
    settings.clients = 20
    settings.loadsPerSecond = 20
    settings.queriesPerSecond = 100
    settings.scansPerSecond = 20
    settings.preloadedRows = 3000
    settings.tenants = 50
    // Less than a scan is sure to need.
    settings.memoryByteCount = 8 << 20
    let job = try ClientTests.job(folder.path, seconds: 0.3)
    let report = try ClientJob(job, settings, interrupt: InterruptFlag()).run()
    #expect(report.isSound, "\(report.text)")
    let scans = try #require(report.operations.first { $0.kind == "full_scan" })
    #expect(scans.count == 0 && (scans.refused ?? 0) > 0)
    #expect((report.summary.queries ?? 0) > 0)
    #expect(report.text.contains("the limit is 8388608"))
    #expect((report.summary.accountedPeakBytes ?? 0) <= 8 << 20)
  }

  private static func job(_ folder: String, seconds: Double) throws -> JobSettings {
    JobSettings(
      policySpec: "gradient", workload: "shop", writers: 1, readers: 1, seconds: seconds,
      loadsPerSecond: nil, rowsPerLoad: 10, queriesPerSecond: 0, seed: 1, buckets: 2,
      versionLimit: 2000, backPressure: .smooth(SmoothSlowing()), costs: "",
      inlineBytes: 64 << 10, durability: .sync, keyIndex: .hash, keyMerge: .onWrite,
      compression: .lz4, scheduler: try ConfiguredScheduler(spec: "fair:cumulative=1,base=1"),
      outDirectory: folder + "/out", dataDirectory: folder + "/data", inputFile: nil,
      mappingFile: nil, maxErrors: 0, traceFile: nil)
  }
}
