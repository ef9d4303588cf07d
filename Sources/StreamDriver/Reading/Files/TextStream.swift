import IngestDriver
import StorageBase
import StorageIO
import Synchronization

/// Text files as a stream, CSV or JSON lines, as they are or compressed (`.gz`, `.lz4`, `.zst`).
/// Thread-safe.
///
/// A file is known by its path, and by its first bytes: where it was replaced by another one, its
/// reader refuses to go on.
public final class TextStream: StreamSource {
  private let paths: TextFiles
  private let files: any FileSystem
  private let text: RowText
  private let isFollowed: Bool
  private let clock: any TimeSource
  /// Those there were at the beginning, where later ones do not count.
  private let first: [String]

  /// - Parameters:
  ///   - path: a file, a directory, or a path whose last part has `*` or `?` in it.
  ///   - mapping: of the rows; nil to guess it from the first file.
  ///   - isFollowed: whether files may grow, and new ones come.
  ///   - content: what is in the texts besides rows of fixed columns.
  /// - Throws: `StorageError` for files that cannot be read, and mappings that cannot be guessed.
  public init(
    _ path: String, mapping: InputMapping?, isFollowed: Bool, files: any FileSystem,
    clock: any TimeSource, _ content: TextContent = TextContent()
  ) throws {
    self.files = files
    self.isFollowed = isFollowed
    self.clock = clock
    paths = try TextFiles(path, files: files)
    first = try paths.list()
    var known = mapping
    if known == nil {
      guard let sample = first.first else {
        throw StorageError.invalidArgument(
          name: "source", value: path,
          reason: "there is no file yet, so its columns cannot be guessed; give a mapping")
      }
      known = try Self.guessedMapping(of: sample, files: files)
    }
    guard let known else { preconditionFailure("it was given or guessed") }
    text = try RowText(known, content)
  }

  public var schema: Schema { text.first.schema }

  public var firstColumns: RowColumns? { text.firstColumns }

  public func partitions() throws -> [String] { isFollowed ? try paths.list() : first }

  public func open(
    _ partition: String, at position: SourcePosition
  ) throws -> any PartitionReader {
    try TextPartition(
      Self.input(partition, files: files), name: partition, text, at: position,
      isFollowed: isFollowed, clock: clock)
  }

  public func open(
    _ partition: String, at position: SourcePosition, columns: RowColumns
  ) throws -> any PartitionReader {
    try TextPartition(
      Self.input(partition, files: files), name: partition, text, at: position, columns: columns,
      isFollowed: isFollowed, clock: clock)
  }

  private static func input(_ path: String, files: any FileSystem) throws -> any ByteInput {
    let bytes = try FileBytes(path, files: files)
    guard let compression = FileCompression(path: path) else { return bytes }
    return try CompressedBytes(bytes, compression, path: path)
  }

  private static func guessedMapping(
    of path: String, files: any FileSystem
  ) throws -> InputMapping {
    let compression = FileCompression(path: path)
    var pieces = TextPieces(try input(path, files: files), quote: nil, path: path)
    _ = try pieces.fill()
    let isWhole = try pieces.fill() == 0
    let text = pieces.heldBytes
    let sample = isWhole ? text.count : wholeRowByteCount(of: text, quote: nil) ?? text.count
    // The beginning of the text, as a file that can be looked at.
    let name = path.dropLast(compression.map { $0.rawValue.count + 1 } ?? 0)
    let memory = MemoryFileSystem()
    let copy = "/\(name.split(separator: "/").last ?? "text")"
    try memory.create(copy, cause: .tool).append(Array(text[..<sample]))
    let file = try memory.openForReading(copy, cause: .tool)
    return try .inferred(
      from: file, json: FileInput.isJSON(String(name)) ? JSONDialect(detectedIn: file) : nil)
  }
}
