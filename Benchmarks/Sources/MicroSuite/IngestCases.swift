import IngestDriver
import ScanKernels
import StorageBase
import StorageIO
import Synchronization

/// Where rows come from: the generator of order events, and text.
enum IngestCases {
  static func all() throws -> [MicroCase] { [try events()] + csv() }

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
      let source = try CSVSource(file: file.get(), mapping: mapping.get())
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
      let source = try CSVSource(
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

/// The last error of some threads. Thread-safe.
private final class Failure: Sendable {
  private let error = Mutex<(any Error)?>(nil)

  func note(_ error: any Error) { self.error.withLock { $0 = error } }

  func rethrow() throws {
    if let error = error.withLock({ $0 }) { throw error }
  }
}
