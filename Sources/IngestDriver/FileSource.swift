import StorageBase
import StorageIO
import Synchronization

/// A text file that several writers load together. Thread-safe.
///
/// Readers take chunks of whole rows one after the other under a lock and parse them outside it.
/// So every row is read once, but which reader gets it depends on the scheduling; one reader alone
/// gives the rows in the order of the file.
public final class FileSource: BatchSourceFactory {
  /// Is given every row that is passed over, for instance to keep it elsewhere; what it throws
  /// ends the reading. Several threads may call it at once. The bytes are valid during the call.
  public typealias UnreadableRowHandler =
    @Sendable (_ problem: RowProblem, _ row: UnsafeRawBufferPointer) throws -> Void

  let layout: any RowLayout
  let rejected: UnreadableRows
  /// Bytes of text after which a batch ends early.
  let batchByteCountMax: Int
  private let chunker: Mutex<TextChunker>

  public var schema: Schema { layout.schema }

  /// A column's share may still grow by a row's string before it is noticed.
  public static let batchByteCountLimit = 1 << 30

  /// Reads the header, or counts the fields of the first row.
  /// - Parameters:
  ///   - maxErrors: how many malformed rows are passed over (see `rejectedRows`) before one is an
  ///     error; 0 makes the first an error. Shared by all readers.
  ///   - chunkByteCount: how much a reader takes at a time.
  ///   - batchByteCountMax: a batch ends early, at the end of a row, once it has come from so many
  ///     bytes; at most 1 GiB, since a column counts the bytes of its strings in 32 bits.
  /// - Throws: `StorageError.unknownName` for a column that the header lacks,
  ///   `StorageError.invalidArgument` for a header that cannot be read, and for a mapping that does
  ///   not suit the format.
  public init(
    file: any ReadableFile, mapping: InputMapping, maxErrors: Int = 0,
    chunkByteCount: Int = 1 << 20, batchByteCountMax: Int = FileSource.batchByteCountLimit,
    onRejectedRow handler: UnreadableRowHandler? = nil
  ) throws {
    precondition((1...Self.batchByteCountLimit).contains(batchByteCountMax))
    var chunker = TextChunker(file, mapping, chunkByteCount: chunkByteCount)
    try chunker.skipByteOrderMark()
    let fields =
      mapping.json == nil
      ? try CSVHeader.read(&chunker, dialect: mapping.dialect, path: file.path) : []
    layout = try mapping.layout(header: fields, path: file.path)
    rejected = UnreadableRows(path: file.path, maxErrors: maxErrors, handler: handler)
    self.batchByteCountMax = batchByteCountMax
    self.chunker = Mutex(chunker)
  }

  /// The malformed rows passed over so far, in the order they were met.
  public var rejectedRows: [RowProblem] { rejected.all }

  /// Bytes of the file that readers have taken so far.
  public var takenByteCount: UInt64 { chunker.withLock { $0.position } }

  public func makeSource(writer: Int, writerCount: Int) -> any BatchSource { makeReader() }

  public func makeReader() -> FileReader { FileReader(self, rows: layout.makeReader()) }

  func nextChunk() throws -> TextChunk? { try chunker.withLock { try $0.next() } }
}
