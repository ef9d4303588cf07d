import IngestDriver
import ScanKernels
import StorageBase
import StorageIO
import Synchronization

/// Where rows come from: the generator of order events, and text.
enum IngestCases {
  static func all() throws -> [MicroCase] { [try events()] + csv() + json() }

  private static let eventCount = 1 << 16

  /// The first `count` order events.
  static func orders(count: Int) throws -> ColumnBatch {
    let source = try OrderEvents().makeSource(writer: 0, writerCount: 1)
    guard let batch = try source.nextBatch(maxRows: count) else {
      throw StorageError.invalidArgument(
        name: "order events", value: "\(count)", reason: "the source has no end")
    }
    return batch
  }

  static func byteCount(_ batch: ColumnBatch) -> Int {
    batch.columns.reduce(0) { $0 + $1.byteCount }
  }

  private static func events() throws -> MicroCase {
    let source = try OrderEvents().makeSource(writer: 0, writerCount: 1)
    let batch = try orders(count: eventCount)
    return MicroCase(
      "generate", "order events", byteCount: byteCount(batch), valueCount: eventCount,
      ceiling: .pageCopy
    ) {
      { _ = try source.nextBatch(maxRows: eventCount) }
    }
  }

  private static func text(of batch: ColumnBatch) -> [UInt8] {
    var text = batch.schema.columns.map(\.name).joined(separator: ",") + "\n"
    for row in 0..<batch.rowCount {
      let fields = zip(batch.schema.columns, batch.columns).map { column, vector in
        vector.isNull(row) ? "" : column.type.format(vector[row])
      }
      text += fields.joined(separator: ",") + "\n"
    }
    return Array(text.utf8)
  }

  private static func csv() -> [MicroCase] {
    let rowCount = 1 << 15
    let file = Lazily {
      let bytes = text(of: try orders(count: rowCount))
      return MemoryFile(path: "orders.csv", bytes: bytes)
    }
    let mapping = Lazily { try InputMapping.inferred(from: file.get()) }
    let byteCount: Int
    do { byteCount = Int(try file.get().byteCount) } catch { byteCount = 0 }
    let oneThread = MicroCase(
      "CSV to columns", "order events", byteCount: byteCount, valueCount: rowCount,
      ceiling: .memoryRead, note: "bytes of text"
    ) {
      let source = try FileSource(file: file.get(), mapping: mapping.get())
      return {
        let reader = source.makeReader()
        while try reader.nextBatch(maxRows: Samples.pageRowCount) != nil {}
      }
    }
    let threadCount = 2
    let pool = Lazily { try WorkerPool(name: "csv", threadCount: threadCount) }
    let twoThreads = MicroCase(
      "CSV to columns", "order events, two threads", byteCount: byteCount, valueCount: rowCount,
      ceiling: .memoryRead, note: "bytes of text; the ceiling is one thread's"
    ) {
      // Chunks small enough that both threads have work until the end.
      let source = try FileSource(
        file: file.get(), mapping: mapping.get(), chunkByteCount: 1 << 16)
      let pool = try pool.get()
      return {
        let failure = Failure()
        for _ in 0..<threadCount {
          pool.submit {
            do {
              let reader = source.makeReader()
              while try reader.nextBatch(maxRows: Samples.pageRowCount) != nil {}
            } catch { failure.note(error) }
          }
        }
        pool.waitUntilIdle()
        try failure.rethrow()
      }
    }
    return [oneThread, twoThreads]
  }
}

extension IngestCases {
  /// Objects on lines, as most programs write them.
  private static func lines(of batch: ColumnBatch) -> [UInt8] {
    var text = ""
    for row in 0..<batch.rowCount {
      let members = zip(batch.schema.columns, batch.columns).map { column, vector in
        let field = vector.isNull(row) ? "null" : column.type.format(vector[row])
        let isBare = column.type.integerRange != nil && column.type != .date
        let value = isBare && column.type != .datetime || vector.isNull(row)
        return "\"\(column.name)\":" + (value ? field : "\"\(field)\"")
      }
      text += "{" + members.joined(separator: ",") + "}\n"
    }
    return Array(text.utf8)
  }

  private static func json() -> [MicroCase] {
    let rowCount = 1 << 15
    let file = Lazily {
      MemoryFile(path: "orders.jsonl", bytes: lines(of: try orders(count: rowCount)))
    }
    let byteCount: Int
    do { byteCount = Int(try file.get().byteCount) } catch { byteCount = 0 }
    func reading(
      _ what: String, _ mapping: @escaping () throws -> InputMapping
    ) -> MicroCase {
      MicroCase(
        "JSON to columns", what, byteCount: byteCount, valueCount: rowCount, ceiling: .memoryRead,
        note: "bytes of text"
      ) {
        let source = try FileSource(file: file.get(), mapping: mapping())
        return {
          let reader = source.makeReader()
          while try reader.nextBatch(maxRows: Samples.pageRowCount) != nil {}
        }
      }
    }
    return [
      reading("order events") { try .inferred(from: file.get(), json: JSONDialect()) },
      reading("order events, two of the columns") {
        let all = try InputMapping.inferred(from: file.get(), json: JSONDialect())
        return try InputMapping(json: JSONDialect(), columns: Array(all.columns.prefix(2)))
      },
    ]
  }
}

/// The last error of some threads. Thread-safe.
private final class Failure: Sendable {
  private let error = Mutex<(any Error)?>(nil)

  func note(_ error: any Error) { self.error.withLock { $0 = error } }

  func rethrow() throws {
    if let error = error.withLock({ $0 }) { throw error }
  }
}
