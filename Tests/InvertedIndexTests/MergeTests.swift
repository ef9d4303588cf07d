import InvertedIndex
import StorageBase
import Testing

/// A merged index is the index of the merged rows, byte for byte.
struct MergeTests {
  private func check(
    _ type: DataType, _ options: IndexOptions, inputCount: Int, dropping: Bool, seed: UInt64
  ) throws {
    var samples = IndexSamples(seed: seed)
    let inputs = (0..<inputCount).map { _ in
      samples.rows(type, count: Int(samples.generator.next() % 90))
    }
    var next = Array(repeating: 0, count: inputCount)
    var outputs = Array(repeating: [UInt32](), count: inputCount)
    var merged: [Value] = []
    var sources: [UInt16] = []
    while true {
      let open = (0..<inputCount).filter { next[$0] < inputs[$0].count }
      guard !open.isEmpty else { break }
      let input = samples.pick(open)
      let isDropped = dropping && samples.chance(4)
      outputs[input].append(isDropped ? RowMapping.dropped : UInt32(merged.count))
      if !isDropped {
        merged.append(inputs[input][next[input]])
        sources.append(UInt16(input))
      }
      next[input] += 1
    }
    let mapping =
      dropping
      ? RowMapping(outputs: outputs, outputRowCount: merged.count)
      : RowMapping(sources: sources, inputCount: inputCount)
    let readers = try inputs.map { try open(try samples.build($0, type, options)) }
    var merger = try InvertedIndexMerger(inputs: readers, mapping: mapping)
    let sink = MemoryIndexSink()
    let summary = try merger.merge(to: sink)
    #expect(sink.bytes == (try samples.build(merged, type, options)), "seed \(seed), \(options)")
    #expect(summary.byteCount == sink.bytes.count && summary.rowCount == merged.count)
  }

  @Test(arguments: allStringOptions) func texts(options: IndexOptions) throws {
    for (seed, inputCount) in [1, 2, 5].enumerated() {
      try check(
        .string, options, inputCount: inputCount, dropping: seed == 1, seed: UInt64(seed))
    }
  }

  @Test(arguments: [DataType.int32, .double, .decimal(precision: 30, scale: 0), .date])
  func values(type: DataType) throws {
    try check(type, IndexOptions(), inputCount: 3, dropping: false, seed: 1)
    try check(type, IndexOptions(), inputCount: 4, dropping: true, seed: 2)
  }

  @Test func inputsMustFit() throws {
    var samples = IndexSamples(seed: 1)
    let rows = samples.rows(.string, count: 3)
    let a = try open(try samples.build(rows, .string, IndexOptions(parser: .english)))
    let b = try open(try samples.build(rows, .string, IndexOptions(parser: .unicode)))
    let mapping = RowMapping(sources: [0, 1, 0, 1, 0, 1], inputCount: 2)
    #expect(throws: StorageError.self) {
      try InvertedIndexMerger(inputs: [a, b], mapping: mapping)
    }
    #expect(throws: StorageError.self) {
      try InvertedIndexMerger(
        inputs: [a, a], mapping: RowMapping(sources: [0, 1], inputCount: 2))
    }
    #expect(throws: StorageError.self) {
      try InvertedIndexMerger(inputs: [], mapping: RowMapping(sources: [], inputCount: 0))
    }
  }
}
