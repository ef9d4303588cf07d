import InvertedIndex
import SegmentFormat
import StorageBase
import StorageIO

/// Compares the inverted indexes of segments with the rows: each is built again.
struct IndexVerifier {
  private let definition: TableDefinition

  init(_ definition: TableDefinition) { self.definition = definition }

  /// What is wrong, in words. A segment may lack an index; one that it has must be right.
  /// - Throws: `StorageError` for a damaged index or column.
  func problems(of segment: SegmentReader) throws -> [String] {
    var problems: [String] = []
    for index in definition.indexes {
      guard let position = segment.schema.index(of: index.column),
        let block = segment.invertedIndex(ofColumn: position)
      else { continue }
      let stored = try InvertedIndexReader(block.file, range: block.range)
      let rebuilt = try rebuild(stored.options, of: segment, column: position)
      if let difference = try stored.difference(from: rebuilt) {
        problems.append(
          "\(segment.path): index of column \(segment.schema.columns[position].name): \(difference)"
        )
      }
    }
    return problems
  }

  private func rebuild(
    _ options: IndexOptions, of segment: SegmentReader, column: Int
  ) throws -> InvertedIndexReader {
    let writer = try InvertedIndexWriter(
      type: segment.schema.columns[column].type, options: options)
    var work = PageWork()
    for page in 0..<segment.pageCount {
      let vector = try segment.readPage(column: column, page: page, work: &work)
      try writer.add(vector, firstRow: segment.rowRange(ofPage: page).lowerBound)
    }
    let sink = MemoryIndexSink()
    _ = try writer.finish(to: sink)
    return try InvertedIndexReader(MemoryFile(path: "rebuilt index", bytes: sink.bytes))
  }
}
