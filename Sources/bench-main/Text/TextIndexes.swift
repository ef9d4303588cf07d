import BenchKit
import InvertedIndex
import ScanKernels
import StorageBase
import StorageIO

/// The indexes of all segments of a column, and what it took to make them.
struct TextIndexes: Sendable {
  let readers: [InvertedIndexReader]
  let summaries: [IndexSummary]
  /// From start to end, and of all threads together.
  let seconds: Double
  let cpuSeconds: Double

  var byteCount: Int { summaries.reduce(0) { $0 + $1.byteCount } }
  var postingsByteCount: Int { summaries.reduce(0) { $0 + $1.postingsByteCount } }
  var dictionaryByteCount: Int { summaries.reduce(0) { $0 + $1.dictionaryByteCount } }

  private struct Made: Sendable {
    let bytes: [UInt8]
    let summary: IndexSummary
  }

  /// Makes one index per job, each on a thread of `pool`.
  private init(
    _ jobs: [@Sendable (MemoryIndexSink) throws -> IndexSummary], pool: WorkerPool
  ) throws {
    let results = Monitor([Result<Made, any Error>?](repeating: nil, count: jobs.count))
    let clock = MonotonicClock()
    let startCPU = ProcessUsage.current().cpuSeconds
    let start = clock.now()
    for (index, job) in jobs.enumerated() {
      pool.submit {
        let sink = MemoryIndexSink()
        let result = Result { try job(sink) }
          .map { summary in Made(bytes: sink.bytes, summary: summary) }
        results.withLock { $0[index] = result }
      }
    }
    pool.waitUntilIdle()
    seconds = Double(clock.now() - start) / 1e9
    cpuSeconds = ProcessUsage.current().cpuSeconds - startCPU
    let made = try results.withLock { $0 }.compactMap { try $0?.get() }
    summaries = made.map(\.summary)
    readers = try made.enumerated().map { index, made in
      try InvertedIndexReader(MemoryFile(path: "index \(index)", bytes: made.bytes))
    }
  }

  /// Builds the index of each segment from its rows.
  init(
    _ segments: [ArraySlice<ColumnVector>], _ options: IndexOptions, pool: WorkerPool
  ) throws {
    try self.init(
      segments.map { vectors in
        { sink in
          let writer = try InvertedIndexWriter(type: .string, options: options)
          for vector in vectors { try writer.add(vector, firstRow: writer.rowCount) }
          return try writer.finish(to: sink)
        }
      }, pool: pool)
  }

  /// Merges pairs of indexes, whose rows take turns.
  init(merging inputs: TextIndexes, pool: WorkerPool) throws {
    let pairs = stride(from: 0, to: inputs.readers.count, by: 2).map {
      Array(inputs.readers[$0..<min(inputs.readers.count, $0 + 2)])
    }
    try self.init(
      pairs.map { pair in
        { sink in
          let counts = pair.map(\.rowCount)
          var sources: [UInt16] = []
          for row in 0..<(counts.max() ?? 0) {
            for (input, count) in counts.enumerated() where row < count {
              sources.append(UInt16(input))
            }
          }
          var merger = try InvertedIndexMerger(
            inputs: pair, mapping: RowMapping(sources: sources, inputCount: pair.count))
          return try merger.merge(to: sink)
        }
      }, pool: pool)
  }

  /// How many rows of all segments match.
  func count(_ query: IndexQuery) throws -> Int {
    try readers.reduce(0) { try $0 + $1.rows(matching: query).count }
  }
}
