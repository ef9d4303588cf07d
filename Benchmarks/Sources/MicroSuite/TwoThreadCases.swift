import CKernels
import CMeasure
import ScanKernels
import StorageBase
import StorageIO

/// Work that two threads share, against what two threads can read.
enum TwoThreadCases {
  private static let byteCount = 256 << 20
  private static let threadCount = 2

  static var ceiling: MicroCase {
    let words = Lazily { Samples.randomWords(count: byteCount / 8, seed: 71) }
    let pool = Lazily { try WorkerPool(name: "read", threadCount: threadCount) }
    return MicroCase(
      "ceiling", Ceiling.memoryReadByTwo.rawValue, byteCount: byteCount, valueCount: byteCount / 8
    ) {
      let buffer = try words.get()
      let pool = try pool.get()
      return {
        let half = byteCount / 8 / threadCount
        for part in 0..<threadCount {
          pool.submit {
            let start = buffer.values(as: UInt64.self).baseAddress.map { $0 + part * half }
            cm_consume(ck_read_words(start, half))
          }
        }
        pool.waitUntilIdle()
      }
    }
  }

  static func all() throws -> [MicroCase] {
    let pages = Lazily {
      Samples.pages(.int64, count: byteCount / 8, seed: 72, of: Int64.self) { random, _ in
        Int64(random.next() % 1000)
      }
    }
    let schema = try Schema([("c", .int64, false)], sortKeyCount: 1)
    let range = try Field("c").isBetween(100, 199).bound(to: schema)
    let sum = try Aggregate.sum("c").bound(to: schema)
    return [
      shared("filter", "int64, 10 % pass, two threads", pages) { part in
        var evaluator = PredicateEvaluator(range)
        for page in part {
          cm_consume(evaluator.evaluate(rowCount: page.count) { _ in page }.words[0])
        }
      },
      shared("sum", "int64, two threads", pages) { part in
        let aggregation = Aggregation(schema: schema, groupBy: [], aggregates: [sum])
        for page in part {
          do {
            try aggregation.add(rowCount: page.count, selection: nil) { _ in page }
          } catch {
            preconditionFailure("a sum of small numbers: \(error)")
          }
        }
        cm_consume(UInt64(aggregation.groups.count))
      },
    ]
  }

  private static func shared(
    _ group: String, _ name: String, _ pages: Lazily<[ColumnVector]>,
    _ body: @escaping @Sendable (ArraySlice<ColumnVector>) -> Void
  ) -> MicroCase {
    let pool = Lazily { try WorkerPool(name: "scan", threadCount: threadCount) }
    return MicroCase(
      group, name, byteCount: byteCount, valueCount: byteCount / 8, ceiling: .memoryReadByTwo
    ) {
      let pages = try pages.get()
      let pool = try pool.get()
      return {
        let half = pages.count / threadCount
        for part in 0..<threadCount {
          let own = pages[part * half..<(part + 1) * half]
          pool.submit { body(own) }
        }
        pool.waitUntilIdle()
      }
    }
  }
}
