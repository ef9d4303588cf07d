import IngestDriver
import ScanKernels
import StorageBase
import StreamTransforms

/// The rows of a text: a file, or what another program writes. Its position counts bytes of the
/// text, as it is without compression, and lines; rows are known by their lines. Not thread-safe.
final class TextPartition: PartitionReader {
  /// How often a text that may grow is looked at.
  private static let pollSeconds = 0.05
  /// Bytes at the beginning of a text by which it is recognised.
  private static let prefixByteCount = 4096

  private let name: String
  private let text: RowText
  /// Of the rows that come next.
  private var mapping: InputMapping
  private let isFollowed: Bool
  private let clock: any TimeSource
  private var pieces: TextPieces
  /// Nil until the header has been read.
  private var decoder: RowDecoder?
  private var prefix: [UInt8] = []
  private(set) var position: SourcePosition
  /// The change of columns that comes next, once it has been read.
  private var change: (byteCount: Int, next: SourcePosition, prefix: [UInt8])?

  /// - Parameters:
  ///   - name: of the partition.
  ///   - text: what its rows are.
  ///   - position: where to go on.
  ///   - columns: of the rows there; nil for those of the beginning.
  ///   - isFollowed: whether more may come when everything has been read.
  init(
    _ input: any ByteInput, name: String, _ text: RowText, at position: SourcePosition,
    columns: RowColumns? = nil, isFollowed: Bool, clock: any TimeSource
  ) throws {
    self.name = name
    self.text = text
    mapping = try text.mapping(columns)
    self.position = position
    self.isFollowed = isFollowed
    self.clock = clock
    pieces = TextPieces(input, quote: text.quote, path: name)
  }

  /// - Parameter maxRows: not kept: pieces of a text are cut by bytes, to some thousand rows.
  func read(maxRows: Int) throws -> SourceReading {
    if decoder == nil, try !begin() { return try idle() }
    guard let decoder, var bytes = try pieces.next(isLast: isAtEnd) else { return try idle() }
    if let found = text.finder?.first(in: bytes) {
      let before = found.line.lowerBound
      pieces.takeBack(bytes.count - before)
      if before == 0 {
        return stop(at: found.event, UnsafeRawBufferPointer(rebasing: bytes[found.line]))
      }
      bytes = UnsafeRawBufferPointer(rebasing: bytes[..<before])
    }
    let decoded = try decoder.decode(bytes)
    let line = Int64(position.rowCount) + 1
    let rejectedLines = decoded.rejected.map { row in
      line + Int64(UnsafeRawBufferPointer(rebasing: bytes[..<row.bytes.lowerBound]).lineEndCount)
    }
    pass(bytes)
    let unreadable = zip(decoded.rejected, rejectedLines).map { row, line in
      RejectedRow(
        partition: name, offset: line, rule: "read",
        reason: (row.column.map { "column \($0): " } ?? "") + row.reason,
        row: String(decoding: bytes[row.bytes], as: UTF8.self))
    }
    let rows = decoded.rows?.batch ?? mapping.schema.emptyBatch
    return .rows(
      SourceBatch(
        rows: StreamBatch(
          rows: rows, partition: name,
          offsets: Self.offsets(from: line, rowCount: rows.rowCount, without: rejectedLines),
          given: decoded.rows?.givenColumns ?? []),
        dueAt: clock.now(), byteCount: bytes.count, unreadable: unreadable))
  }

  /// The lines of rows, which have one each as long as no field holds a line end.
  /// - Parameter rejected: lines between them that are no rows, ascending.
  private static func offsets(
    from first: Int64, rowCount: Int, without rejected: [Int64]
  ) -> StreamBatch.Offsets {
    guard !rejected.isEmpty else { return .consecutive(from: first) }
    let lines = AlignedBuffer(byteCount: rowCount * 8)
    let values = lines.mutableValues(as: Int64.self)
    var line = first
    var next = 0
    for row in 0..<rowCount {
      while next < rejected.count, rejected[next] == line {
        line += 1
        next += 1
      }
      values[row] = line
      line += 1
    }
    return .listed(lines)
  }

  // MARK: The beginning

  /// Reads the header, and goes to the position.
  /// - Returns: false when there is not enough to read yet.
  private func begin() throws -> Bool {
    _ = try pieces.fill()
    let bytes = pieces.heldBytes
    let hasLine = bytes.lineEndCount > 0
    guard hasLine || (isAtEnd && !bytes.isEmpty) else { return false }
    let (fields, headerByteCount) = try mapping.header(of: bytes, path: name)
    let headerLineCount = UnsafeRawBufferPointer(rebasing: bytes[..<headerByteCount]).lineEndCount
    prefix = Array(bytes.prefix(Self.prefixByteCount))
    try requireSameText()
    let start = max(position.offset, UInt64(headerByteCount))
    if start > UInt64(bytes.count), let file = pieces.input as? FileBytes {
      try file.seek(to: start)
      pieces = TextPieces(file, quote: text.quote, path: name)
    } else if try pieces.skip(start) < start {
      throw shorter(than: start)
    }
    if position.rowCount == 0 { position.rowCount = UInt64(headerLineCount) }
    position.offset = start
    position.digest = digest(upTo: start)
    decoder = try RowDecoder(mapping, header: fields, path: name)
    return true
  }

  private func requireSameText() throws {
    let known = min(position.offset, UInt64(Self.prefixByteCount))
    guard known > 0 else { return }
    guard UInt64(prefix.count) >= known else { throw shorter(than: position.offset) }
    guard digest(upTo: position.offset) != position.digest else { return }
    throw StorageError.damaged(
      path: name, problems: ["it does not begin as it did when it was read before"],
      remedy: "bring the old file back, or begin again with another state directory and name")
  }

  private func shorter(than byteCount: UInt64) -> StorageError {
    StorageError.damaged(
      path: name, problems: ["\(byteCount) bytes were read before, and it has fewer now"],
      remedy: "bring the old file back, or begin again with another state directory and name")
  }

  // MARK: Changes of columns

  private func stop(at event: SchemaEvent, _ line: UnsafeRawBufferPointer) -> SourceReading {
    let before = (position, prefix)
    pass(line)
    let next = position
    change = (line.count, next, prefix)
    (position, prefix) = before
    return .change(event, next: next)
  }

  func pass(_ columns: RowColumns) throws {
    guard let change else { return }
    _ = try pieces.skip(UInt64(change.byteCount))
    (position, prefix) = (change.next, change.prefix)
    self.change = nil
    mapping = try text.mapping(columns)
    decoder = try RowDecoder(mapping, path: name)
  }

  // MARK: The end

  private var isAtEnd: Bool { pieces.input.hasEnded || !isFollowed }

  private func idle() throws -> SourceReading {
    guard isAtEnd else {
      return .waiting(until: clock.now().advanced(bySeconds: Self.pollSeconds))
    }
    guard pieces.input.isWhole else {
      throw StorageError.corrupt(
        file: name, offset: position.offset, what: "compressed bytes",
        expected: "the end of a frame", found: "the end of the file")
    }
    return .ended
  }

  // MARK: The position

  private func pass(_ bytes: UnsafeRawBufferPointer) {
    if prefix.count < Self.prefixByteCount, position.offset + UInt64(bytes.count) > prefix.count {
      let known = max(0, prefix.count - Int(position.offset))
      prefix += bytes.dropFirst(known).prefix(Self.prefixByteCount - prefix.count)
    }
    let wasShort = position.offset < UInt64(Self.prefixByteCount)
    position.offset += UInt64(bytes.count)
    position.rowCount += UInt64(bytes.lineEndCount)
    if wasShort { position.digest = digest(upTo: position.offset) }
  }

  private func digest(upTo offset: UInt64) -> UInt64 {
    let count = Int(min(offset, UInt64(Self.prefixByteCount)))
    return prefix.withUnsafeBytes {
      UInt64(crc32c(UnsafeRawBufferPointer(rebasing: $0[..<min(count, $0.count)])))
    }
  }
}

extension UnsafeRawBufferPointer {
  /// How many lines end in these bytes.
  fileprivate var lineEndCount: Int { countOfLineEnds(in: self) }
}
