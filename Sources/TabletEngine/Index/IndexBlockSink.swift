import InvertedIndex
import ScanKernels
import SegmentFormat

/// Puts the bytes of an index into a segment. Not thread-safe.
final class IndexBlockSink: IndexSink {
  private let target: any SegmentSink

  init(_ target: any SegmentSink) { self.target = target }

  func append(_ bytes: UnsafeRawBufferPointer) throws { try target.append(bytes) }
}

extension SegmentWriter {
  /// Adds the index that a writer has gathered.
  func append(_ index: InvertedIndexWriter, ofColumn column: Int) throws {
    try appendInvertedIndex(ofColumn: column) { sink in
      _ = try index.finish(to: IndexBlockSink(sink))
    }
  }
}

extension TableDefinition {
  /// Adds the index of the column that was written last, if it is to have one.
  /// - Parameter rows: all rows of the column.
  func appendIndex(
    ofColumn column: Int, of rows: ColumnVector, to writer: SegmentWriter
  ) throws {
    guard let index = index(ofColumn: column) else { return }
    let builder = try InvertedIndexWriter(
      type: schema.columns[column].type, options: index.options)
    try builder.add(rows, firstRow: 0)
    try writer.append(builder, ofColumn: column)
  }
}
