import BenchKit
import ScanKernels
import StorageBase
import TabletEngine

/// What keeping keys unique takes at the end of a run.
struct KeyFigures {
  /// Rows that readers see.
  let keyCount: Int
  /// Of the key index in memory; nil where there is none.
  let indexByteCount: Int?
  let deleteByteCount: Int
  /// Processor time of looking one key up and reading its first column, among many at a time.
  let lookupNanoseconds: Double?

  private static let probeCount = 100_000
  private static let batchCount = 1000

  /// - Throws: what reading throws.
  init(_ table: TableSnapshot, seed: UInt64) throws {
    keyCount = try table.tablets.reduce(0) { $0 + (try $1.liveRowCount()) }
    let memories = table.tablets.compactMap(\.keyIndexMemory)
    indexByteCount = memories.isEmpty ? nil : memories.reduce(0) { $0 + $1.byteCount }
    deleteByteCount = table.tablets.reduce(0) { $0 + $1.deleteByteCount }
    let isNumbered = table.definition.schema.columns[0].type == .int64
    lookupNanoseconds =
      isNumbered && table.definition.schema.sortKeyCount == 1 && keyCount > 0
      ? try Self.timeLookups(table, keyCount: keyCount, seed: seed) : nil
  }

  /// Keys are drawn evenly from 1 to their number; what is not there costs a probe as well.
  private static func timeLookups(
    _ table: TableSnapshot, keyCount: Int, seed: UInt64
  ) throws -> Double {
    var random = SeededGenerator(seed: seed)
    let name = table.definition.schema.columns[0].name
    var seconds = 0.0
    for _ in 0..<probeCount / batchCount {
      let buffer = AlignedBuffer(byteCount: batchCount * 8)
      let keys = buffer.mutableValues(as: Int64.self)
      for index in 0..<batchCount {
        keys[index] = Int64.random(in: 1...Int64(keyCount), using: &random)
      }
      let start = ProcessUsage.threadCPUSeconds()
      _ = try table.lookup(
        [ColumnVector(type: .int64, count: batchCount, body: .fixed(buffer))], columns: [name])
      seconds += ProcessUsage.threadCPUSeconds() - start
    }
    return seconds * 1e9 / Double(probeCount)
  }
}
