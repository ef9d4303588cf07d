import ScanKernels
import StorageBase
import StorageIO

/// Whole rows of a file, handed to one reader.
struct TextChunk: @unchecked Sendable {
  /// Of the file. Read-only, and valid while `owner` is held.
  let bytes: UnsafeRawBufferPointer
  /// The same with a row on each line: other bytes only where an array of rows was rewritten.
  let rows: UnsafeRawBufferPointer
  let owner: AnyObject
  /// Of the first byte in the file.
  let offset: UInt64
  /// Line of the first byte; the file's first is 1.
  let firstLine: Int
}

/// Walks through a file in chunks of whole rows. Not thread-safe: `FileSource` has the lock.
struct TextChunker {
  /// A row longer than this is taken for a quote that is never closed.
  static let rowByteCountMax = 64 << 20

  private let file: any ReadableFile
  private let quote: UInt8?
  private let chunkByteCount: Int
  /// Where in an array of rows the position is; nil for rows on lines.
  private var array: JSONArrayLines?
  private(set) var position: UInt64 = 0
  private var line = 1

  init(_ file: any ReadableFile, quote: UInt8?, chunkByteCount: Int) {
    precondition(chunkByteCount > 0)
    self.file = file
    self.quote = quote
    self.chunkByteCount = chunkByteCount
  }

  init(_ file: any ReadableFile, _ mapping: InputMapping, chunkByteCount: Int) {
    self.init(
      file, quote: mapping.json == nil ? mapping.dialect.quote : nil,
      chunkByteCount: chunkByteCount)
    if mapping.json?.hasOuterArray == true { array = JSONArrayLines() }
  }

  /// Passes the byte order mark that some programs put before UTF-8.
  mutating func skipByteOrderMark() throws {
    guard file.byteCount >= 3, try file.read(at: 0, count: 3) == [0xEF, 0xBB, 0xBF] else { return }
    position = 3
  }

  /// The rows that follow: about `chunkByteCount` bytes, or one row if that is longer. Nil at the
  /// end of the file.
  mutating func next() throws -> TextChunk? {
    var array = array
    guard let chunk = try rows(atLeast: 1, &array) else { return nil }
    self.array = array
    advance(by: chunk.bytes.count, lines: count(of: CSVDialect.lineFeed, in: chunk.bytes))
    return chunk
  }

  /// What `next` would return with chunks of at least `byteCount` bytes, without passing it.
  func peek(atLeast byteCount: Int = 1) throws -> TextChunk? {
    var array = array
    return try rows(atLeast: byteCount, &array)
  }

  private func rows(atLeast byteCount: Int, _ array: inout JSONArrayLines?) throws -> TextChunk? {
    let rest = Int(clamping: file.byteCount - position)
    guard rest > 0 else { return nil }
    var wanted = max(chunkByteCount, byteCount)
    while true {
      let (bytes, owner) = try load(min(wanted, rest))
      if let chunk = chunk(bytes, owner, isLast: bytes.count == rest, &array) { return chunk }
      guard wanted < Self.rowByteCountMax else {
        throw StorageError.limitExceeded(
          what: "row length in bytes of \(file.path) line \(line)", value: wanted,
          limit: Self.rowByteCountMax, remedy: "look for a quote that is never closed")
      }
      wanted *= 2
    }
  }

  /// The whole rows that `bytes` begins with; nil for none.
  private func chunk(
    _ bytes: UnsafeRawBufferPointer, _ owner: AnyObject, isLast: Bool,
    _ array: inout JSONArrayLines?
  ) -> TextChunk? {
    guard var begun = array else {
      let whole = isLast ? bytes.count : wholeRowByteCount(of: bytes, quote: quote)
      return whole.map { whole in
        let rows = UnsafeRawBufferPointer(rebasing: bytes[..<whole])
        return TextChunk(bytes: rows, rows: rows, owner: owner, offset: position, firstLine: line)
      }
    }
    let lines = AlignedBuffer(byteCount: bytes.count + 1)
    let rewritten = begun.rewrite(bytes, to: lines.mutableBytes)
    guard isLast || rewritten > 0 else { return nil }
    let whole = isLast ? bytes.count : rewritten
    let added = isLast ? begun.finish(lines.mutableBytes, at: whole) : 0
    array = isLast ? begun : JSONArrayLines(afterRow: begun.isClosed)
    return TextChunk(
      bytes: UnsafeRawBufferPointer(rebasing: bytes[..<whole]),
      rows: UnsafeRawBufferPointer(rebasing: lines.bytes[..<(whole + added)]),
      owner: ChunkOwners(owner, lines), offset: position, firstLine: line)
  }

  mutating func advance(by byteCount: Int, lines: Int) {
    position += UInt64(byteCount)
    line += lines
  }

  private func load(_ count: Int) throws -> (UnsafeRawBufferPointer, AnyObject) {
    let start = Int(position)
    if let mapping = file.mapping {
      return (UnsafeRawBufferPointer(rebasing: mapping[start..<start + count]), file)
    }
    let buffer = AlignedBuffer(byteCount: count)
    try file.read(at: position, into: buffer.mutableBytes)
    return (buffer.bytes, buffer)
  }
}

/// Holds what the bytes and the lines of a chunk are in.
private final class ChunkOwners {
  private let bytes: AnyObject
  private let lines: AlignedBuffer

  init(_ bytes: AnyObject, _ lines: AlignedBuffer) {
    self.bytes = bytes
    self.lines = lines
  }
}
