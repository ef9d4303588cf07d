import StorageBase
import StorageIO
import Synchronization

/// A text file that several writers load together. Thread-safe.
///
/// Readers take chunks of whole rows one after the other under a lock and parse them outside it.
/// So every row is read once, but which reader gets it depends on the scheduling; one reader alone
/// gives the rows in the order of the file.
public final class CSVSource: BatchSourceFactory {
  public let schema: Schema
  let dialect: CSVDialect
  let columns: [CSVColumnReader]
  /// For each field of a row the index in `columns`, or -1 for a field that is not wanted.
  let columnOfField: [Int]
  private let path: String
  /// Bytes of text after which a batch ends early.
  let batchByteCountMax: Int
  private let maxErrors: Int
  private let state: Mutex<State>

  private struct State: Sendable {
    var chunker: CSVChunker
    var rejected: [CSVProblem] = []
  }

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
  ///   `StorageError.invalidArgument` for a header that cannot be read.
  public init(
    file: any ReadableFile, mapping: InputMapping, maxErrors: Int = 0,
    chunkByteCount: Int = 1 << 20, batchByteCountMax: Int = CSVSource.batchByteCountLimit
  ) throws {
    precondition((1...Self.batchByteCountLimit).contains(batchByteCountMax))
    var chunker = CSVChunker(
      file, dialect: mapping.dialect, chunkByteCount: chunkByteCount)
    try chunker.skipByteOrderMark()
    let fields = try CSVHeader.read(&chunker, dialect: mapping.dialect, path: file.path)
    schema = mapping.schema
    dialect = mapping.dialect
    columns = mapping.columns.map { CSVColumnReader($0) }
    columnOfField = try CSVHeader.bind(mapping, to: fields, path: file.path)
    path = file.path
    self.batchByteCountMax = batchByteCountMax
    self.maxErrors = maxErrors
    state = Mutex(State(chunker: chunker))
  }

  /// The malformed rows passed over so far, in the order they were met.
  public var rejectedRows: [CSVProblem] { state.withLock { $0.rejected } }

  /// Bytes of the file that readers have taken so far.
  public var takenByteCount: UInt64 { state.withLock { $0.chunker.position } }

  public func makeSource(writer: Int, writerCount: Int) -> any BatchSource { makeReader() }

  public func makeReader() -> CSVReader { CSVReader(self) }

  func nextChunk() throws -> CSVChunk? { try state.withLock { try $0.chunker.next() } }

  /// - Throws: the problem, when there were more than `maxErrors`.
  func reject(
    line: Int, column: String? = nil, value: String? = nil, reason: String
  ) throws {
    let problem = CSVProblem(
      file: path, line: line, column: column, value: value, reason: reason)
    try state.withLock { state in
      guard state.rejected.count < maxErrors else { throw problem.error }
      state.rejected.append(problem)
    }
  }
}
