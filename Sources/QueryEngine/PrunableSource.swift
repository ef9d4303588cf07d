import ScanKernels
import SegmentFormat
import StorageBase

/// A source that knows more of its rows than zone maps do. Thread-safe.
///
/// Columns are positions in its schema.
protocol PrunableSource: ScanSource {
  var path: String { get }
  var rowsPerPage: Int { get }
  /// As of `SegmentReader`: the pages whose keys can be between two (parts of) keys.
  func pageRange(from low: [Value], through high: [Value]) throws -> Range<Int>
  /// False only when no row has the value.
  func mayContain(column: Int, value: Value) throws -> Bool
  /// False only when no row has the text in its own.
  func mayContain(column: Int, substring: String) throws -> Bool
  /// Where the inverted index of a column lies, if it has one.
  func invertedIndex(ofColumn column: Int) -> SegmentBlock?
}

extension SegmentReader: PrunableSource {}
