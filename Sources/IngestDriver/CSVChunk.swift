import ScanKernels
import StorageBase
import StorageIO

/// Whole rows of a file, handed to one reader.
struct CSVChunk: @unchecked Sendable {
  /// Read-only, and valid while `owner` is held.
  let bytes: UnsafeRawBufferPointer
  let owner: AnyObject
  /// Line of the first byte; the file's first is 1.
  let firstLine: Int
}

/// Walks through a file in chunks of whole rows. Not thread-safe: `CSVSource` has the lock.
struct CSVChunker {
  /// A row longer than this is taken for a quote that is never closed.
  static let rowByteCountMax = 64 << 20

  private let file: any ReadableFile
  private let dialect: CSVDialect
  private let chunkByteCount: Int
  private(set) var position: UInt64 = 0
  private var line = 1

  init(_ file: any ReadableFile, dialect: CSVDialect, chunkByteCount: Int) {
    precondition(chunkByteCount > 0)
    self.file = file
    self.dialect = dialect
    self.chunkByteCount = chunkByteCount
  }

  /// Passes the byte order mark that some programs put before UTF-8.
  mutating func skipByteOrderMark() throws {
    guard file.byteCount >= 3, try file.read(at: 0, count: 3) == [0xEF, 0xBB, 0xBF] else { return }
    position = 3
  }

  /// The rows that follow: about `chunkByteCount` bytes, or one row if that is longer. Nil at the
  /// end of the file.
  mutating func next() throws -> CSVChunk? {
    guard let chunk = try peek() else { return nil }
    advance(by: chunk.bytes.count, lines: count(of: CSVDialect.lineFeed, in: chunk.bytes))
    return chunk
  }

  /// What `next` would return with chunks of at least `byteCount` bytes, without passing it.
  func peek(atLeast byteCount: Int = 1) throws -> CSVChunk? {
    let rest = Int(clamping: file.byteCount - position)
    guard rest > 0 else { return nil }
    var wanted = max(chunkByteCount, byteCount)
    while true {
      let (bytes, owner) = try load(min(wanted, rest))
      let whole = bytes.count == rest ? rest : wholeRowByteCount(of: bytes, quote: dialect.quote)
      if let whole {
        let rows = UnsafeRawBufferPointer(rebasing: bytes[..<whole])
        return CSVChunk(bytes: rows, owner: owner, firstLine: line)
      }
      guard wanted < Self.rowByteCountMax else {
        throw StorageError.limitExceeded(
          what: "row length in bytes of \(file.path) line \(line)", value: wanted,
          limit: Self.rowByteCountMax, remedy: "look for a quote that is never closed")
      }
      wanted *= 2
    }
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
