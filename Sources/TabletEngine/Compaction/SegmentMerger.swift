import InvertedIndex
import ScanKernels
import SegmentFormat
import StorageBase

/// Merges sorted inputs into sorted segments, vertically: keys first, then one column after the
/// other. Memory is bounded by one page per input plus two bytes per row of an output segment.
struct SegmentMerger {
  /// What a merge wrote.
  struct Result {
    var segments: [SegmentSummary] = []
    var rowCount = 0
    var work = PageWork()
  }

  let definition: TableDefinition
  /// Rows after which another output segment begins.
  let segmentRowCountMax: Int

  /// - Parameters:
  ///   - sink: where output segment `n` goes.
  ///   - isCancelled: asked once per page; true makes the merge throw `CancellationError`.
  func merge(
    _ inputs: [MergeInput], isCancelled: () -> Bool,
    sink: (_ ordinal: Int) throws -> any SegmentSink
  ) throws -> Result {
    let schema = definition.schema
    var result = Result()
    let keys = try KeyMerge(inputs: inputs, schema: schema)
    var positions = inputs.map { _ in MergeInput.Position() }
    while !keys.isAtEnd {
      let sources = try keys.nextSources(segmentRowCountMax)
      let writer = try SegmentWriter(
        schema: schema, options: definition.segmentOptions,
        sink: try sink(result.segments.count))
      let indexes =
        definition.indexes.isEmpty
        ? nil : IndexMerge(inputs: inputs, from: positions, sources: sources)
      var end = positions
      for column in schema.columns.indices {
        let replay = ColumnReplay(inputs: inputs, column: schema.columns[column], from: positions)
        try write(
          column, by: replay, sources, to: writer, isCancelled, indexes: indexes)
        end = replay.positions
        result.work += replay.work
      }
      positions = end
      result.segments.append(try writer.finish())
      result.rowCount += sources.count
    }
    result.work += keys.work
    return result
  }

  /// Writes one column and its index, which is merged if every input has it, else built.
  private func write(
    _ column: Int, by replay: ColumnReplay, _ sources: [UInt16], to writer: SegmentWriter,
    _ isCancelled: () -> Bool, indexes: IndexMerge?
  ) throws {
    let wanted = definition.index(ofColumn: column)
    let known = try wanted.flatMap {
      try indexes?.indexes(of: definition.schema.columns[column], $0)
    }
    var builder: InvertedIndexWriter?
    if let wanted, known == nil {
      builder = try InvertedIndexWriter(
        type: definition.schema.columns[column].type, options: wanted.options)
    }
    let rowsPerPage = definition.segmentOptions.rowsPerPage
    for start in stride(from: 0, to: sources.count, by: rowsPerPage) {
      if isCancelled() { throw CancellationError() }
      let rows = start..<min(sources.count, start + rowsPerPage)
      let page = try sources.withUnsafeBufferPointer {
        try replay.next(UnsafeBufferPointer(rebasing: $0[rows]))
      }
      try writer.append(page)
      try builder?.add(page, firstRow: start)
    }
    try writer.finishColumn()
    if let builder { try writer.append(builder, ofColumn: column) }
    if let known { try indexes?.append(known, ofColumn: column, to: writer) }
  }
}
