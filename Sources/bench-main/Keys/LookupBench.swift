import BenchKit
import IngestDriver
import ScanKernels
import SegmentFormat
import StorageBase
import StorageIO
import TabletEngine

/// A unique-key table of orders, and random keys it is asked for.
struct LookupBench {
  /// What a request makes of the rows.
  enum Form: String, CaseIterable {
    /// All values of each row, found one by one.
    case rows
    /// Columns, found together.
    case columns
  }

  let folder: String
  let rowCount: Int
  let bucketCount: Int
  let index: UniqueKeyOptions.Index
  /// Nil without a row store.
  let rowStore: Compression?
  /// Keys of the requests, one measurement each.
  let batchCounts: [Int]
  /// Keys looked up in each measurement.
  let probeCount: Int

  private static let table = "orders"
  private static let loadRowCount = 1 << 17

  /// All figures of one run, on the calling thread.
  func run() throws -> [LookupFinding] {
    let path = folder + "/store"
    defer { DataDirectory.remove(path) }
    let store = try Store.create(
      path, files: PosixFileSystem(), clock: SystemClock(), entropy: 1,
      options: StoreOptions(backPressure: .none))
    try fill(store)
    let snapshot = try store.snapshot(of: Self.table)
    // Opens the index and touches every page once.
    let all = stride(from: 0, to: rowCount, by: 1000).map { first in
      (first..<min(rowCount, first + 1000)).map { Int64($0 + 1) }
    }
    for keys in all { _ = try columns(of: keys, in: snapshot) }
    return try Form.allCases.flatMap { form in
      try batchCounts.map { try measure(form, $0, in: snapshot) }
    }
  }

  /// Loads the orders by ascending number.
  private func fill(_ store: Store) throws {
    let orders = try OrderEvents()
    let key = try orders.schema.requireIndex(of: "order_id")
    let order = [key] + orders.schema.columns.indices.filter { $0 != key }
    let schema = try Schema(
      columns: order.map { orders.schema.columns[$0] }, sortKeyCount: 1, keysModel: .unique)
    try store.createTable(
      TableDefinition(
        name: Self.table, schema: schema, bucketCount: bucketCount, durability: .none,
        uniqueKeys: UniqueKeyOptions(index: index), rowStore: rowStore == nil ? nil : .all,
        rowStoreCompression: rowStore ?? .none))
    let source = try orders.makeSource(writer: 0, writerCount: 1)
    var left = rowCount
    while left > 0, let batch = try source.nextBatch(maxRows: min(left, Self.loadRowCount)) {
      let builder = try store.beginLoad(into: Self.table)
      try builder.append(
        ColumnBatch(
          schema: schema, rowCount: batch.rowCount, columns: order.map { batch.columns[$0] }))
      _ = try store.commit(builder.prepare())
      left -= batch.rowCount
    }
  }

  private func look(
    for keys: [Int64], as form: Form, in table: TableSnapshot
  ) throws -> Int {
    switch form {
    case .rows: try rows(of: keys, in: table)
    case .columns: try columns(of: keys, in: table)
    }
  }

  private func rows(of keys: [Int64], in table: TableSnapshot) throws -> Int {
    var (found, valueCount) = (0, 0)
    for key in keys {
      guard let row = try table.row(forKey: [.integer(Int128(key))]) else { continue }
      found += 1
      valueCount += row.values.count
    }
    precondition(valueCount == found * table.definition.schema.columns.count)
    return found
  }

  private func columns(of keys: [Int64], in table: TableSnapshot) throws -> Int {
    let values = AlignedBuffer(byteCount: keys.count * 8)
    let target = values.mutableValues(as: Int64.self)
    for (index, key) in keys.enumerated() { target[index] = key }
    let vector = ColumnVector(type: .int64, count: keys.count, body: .fixed(values))
    return try table.lookup([vector]).rowCount
  }

  private func measure(
    _ form: Form, _ count: Int, in table: TableSnapshot
  ) throws -> LookupFinding {
    var random = SeededGenerator(seed: 42)
    let calls = max(1, probeCount / count)
    var times: [UInt64] = []
    times.reserveCapacity(calls)
    var found = 0
    let start = ProcessUsage.threadCPUSeconds()
    for _ in 0..<calls {
      let keys = (0..<count).map { _ in
        Int64(random.next() % UInt64(rowCount)) + 1
      }
      let begin = MonotonicClock().now()
      found += try look(for: keys, as: form, in: table)
      times.append(MonotonicClock().now() - begin)
    }
    let seconds = ProcessUsage.threadCPUSeconds() - start
    guard found == calls * count else {
      throw StorageError.invalidArgument(
        name: "rows found", value: "\(found)", reason: "every key of \(calls * count) has one")
    }
    times.sort()
    func quantile(_ thousandths: Int) -> UInt64 {
      times[min(times.count - 1, times.count * thousandths / 1000)]
    }
    return LookupFinding(
      rowCount: rowCount, bucketCount: bucketCount, index: index.rawValue,
      rowStore: rowStore, form: form, batchCount: count, medianNanoseconds: quantile(500),
      p99Nanoseconds: quantile(990), p999Nanoseconds: quantile(999),
      keysPerSecond: Double(calls * count) / seconds)
  }
}
