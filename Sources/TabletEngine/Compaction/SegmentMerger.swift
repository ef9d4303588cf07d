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

  let schema: Schema
  let options: SegmentOptions
  /// Rows after which another output segment begins.
  let segmentRowCountMax: Int

  /// - Parameters:
  ///   - sink: where output segment `n` goes.
  ///   - isCancelled: asked once per page; true makes the merge throw `CancellationError`.
  func merge(
    _ inputs: [MergeInput], isCancelled: () -> Bool,
    sink: (_ ordinal: Int) throws -> any SegmentSink
  ) throws -> Result {
    var result = Result()
    let keys = try KeyMerge(inputs: inputs, schema: schema)
    var positions = inputs.map { _ in MergeInput.Position() }
    while !keys.isAtEnd {
      let sources = try keys.nextSources(segmentRowCountMax)
      let writer = try SegmentWriter(
        schema: schema, options: options, sink: try sink(result.segments.count))
      var end = positions
      for column in schema.columns {
        let replay = ColumnReplay(inputs: inputs, column: column, from: positions)
        for start in stride(from: 0, to: sources.count, by: options.rowsPerPage) {
          if isCancelled() { throw CancellationError() }
          let rows = start..<min(sources.count, start + options.rowsPerPage)
          let page = try sources.withUnsafeBufferPointer {
            try replay.next(UnsafeBufferPointer(rebasing: $0[rows]))
          }
          try writer.append(page)
        }
        try writer.finishColumn()
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
}
