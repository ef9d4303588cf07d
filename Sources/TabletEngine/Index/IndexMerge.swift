import InvertedIndex
import SegmentFormat
import StorageBase

/// Makes the index of one column of a compaction's output from those of its inputs, whose rows it
/// finds in the list of sources that the key merge made (the row-id conversion of Apache Doris): no
/// text is read or cut again.
struct IndexMerge {
  private let inputs: [MergeInput]
  /// The segments that have rows in the output, with where these begin and where they go.
  private let parts: [Part]
  private let outputRowCount: Int

  private struct Part {
    let reader: SegmentReader
    /// The new values that its rows get.
    let patched: PatchedRows?
    /// Row `first + i` of the segment is row `outputs[i]` of the output.
    let first: Int
    let outputs: ArraySlice<UInt32>
  }

  /// - Parameters:
  ///   - positions: where each input stands before the first row of the output.
  ///   - sources: the input of each row of the output.
  init(inputs: [MergeInput], from positions: [MergeInput.Position], sources: [UInt16]) {
    self.inputs = inputs
    outputRowCount = sources.count
    var rows = [[UInt32]](repeating: [], count: inputs.count)
    for (row, source) in sources.enumerated() { rows[Int(source)].append(UInt32(row)) }
    parts = inputs.indices.flatMap { Self.parts(of: inputs[$0], from: positions[$0], rows[$0]) }
  }

  /// Cuts the rows that an input delivers where its segments end.
  private static func parts(
    of input: MergeInput, from position: MergeInput.Position, _ rows: [UInt32]
  ) -> [Part] {
    var parts: [Part] = []
    var rest = rows[...]
    var segment = position.segment
    while !rest.isEmpty {
      let reader = input.segments[segment]
      let first =
        segment == position.segment ? position.page * reader.rowsPerPage + position.row : 0
      let count = min(rest.count, reader.rowCount - first)
      if count > 0 {
        parts.append(
          Part(
            reader: reader, patched: input.patchedRows(ofSegment: segment), first: first,
            outputs: rest.prefix(count)))
      }
      rest = rest.dropFirst(count)
      segment += 1
    }
    return parts
  }

  /// The indexes to merge; nil when a segment lacks the column's, or has one of another type or
  /// other options, or gets new values of it, so that the index has to be built from the rows.
  func indexes(of column: Column, _ index: ColumnIndex) throws -> [InvertedIndexReader]? {
    var readers: [InvertedIndexReader] = []
    for part in parts {
      guard try !(part.patched?.contains(column) ?? false) else { return nil }
      guard let position = part.reader.schema.index(of: column.id),
        let block = part.reader.invertedIndex(ofColumn: position)
      else { return nil }
      let reader = try InvertedIndexReader(block.file, range: block.range)
      guard reader.options == index.options, reader.type == column.type else { return nil }
      guard reader.rowCount == part.reader.rowCount else {
        throw StorageError.corrupt(
          file: part.reader.path, offset: block.range.lowerBound, what: "inverted index",
          expected: "\(part.reader.rowCount) rows", found: "\(reader.rowCount)")
      }
      readers.append(reader)
    }
    return readers
  }

  /// - Parameter indexes: what `indexes(of:_:)` gave.
  func append(
    _ indexes: [InvertedIndexReader], ofColumn column: Int, to writer: SegmentWriter
  ) throws {
    let outputs = parts.map { part in
      var all = [UInt32](repeating: RowMapping.dropped, count: part.reader.rowCount)
      all.replaceSubrange(part.first..<part.first + part.outputs.count, with: part.outputs)
      return all
    }
    var merger = try InvertedIndexMerger(
      inputs: indexes, mapping: RowMapping(outputs: outputs, outputRowCount: outputRowCount))
    try writer.appendInvertedIndex(ofColumn: column) { sink in
      _ = try merger.merge(to: IndexBlockSink(sink))
    }
  }
}
