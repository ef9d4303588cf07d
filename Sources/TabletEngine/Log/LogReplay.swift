import StorageBase
import StorageIO

/// Reads log files back, frame by frame.
struct LogReplay {
  let files: any FileSystem
  let layout: StoreLayout
  let storeID: UInt64

  /// What reading one file found.
  struct Outcome {
    /// Bytes up to the end of the last whole frame; 0 when not even the header is whole.
    var validByteCount: UInt64
    /// The number the frame after the last whole one gets.
    var nextFrame: UInt64
    /// Bytes after them that are no whole frames in sequence.
    var tornByteCount: UInt64
    /// The format of the file.
    var version: UInt32
    /// Why the log cannot be read on from there; nil when it was never written on.
    var damage: StorageError?
  }

  /// Whether file `number` is longer than its header.
  func mayHoldFrames(_ number: UInt32) throws -> Bool {
    let file = try files.openForReading(layout.log(number), cause: .log)
    return file.byteCount > UInt64(LogFormat.headerByteCount)
  }

  /// Hands every record of file `number` to `body`, in order.
  ///
  /// - Parameter isLast: whether a torn end is to be expected, because no later file exists.
  /// - Throws: `StorageError.corrupt` for a damaged frame that is not a torn end, and what `body`
  ///   throws.
  func read(
    _ number: UInt32, nextFrame: UInt64, isLast: Bool,
    _ body: (LogRecord, _ bytes: UnsafeRawBufferPointer) throws -> Void
  ) throws -> Outcome {
    let outcome = try scan(number, nextFrame: nextFrame, isLast: isLast, body)
    if let damage = outcome.damage { throw damage }
    return outcome
  }

  /// The same; a damaged frame or header ends the reading and is told in the outcome.
  func scan(
    _ number: UInt32, nextFrame: UInt64, isLast: Bool,
    _ body: (LogRecord, _ bytes: UnsafeRawBufferPointer) throws -> Void
  ) throws -> Outcome {
    let path = layout.log(number)
    let file = try files.openForReading(path, cause: .log)
    let contents = try file.mapping.map { _ in [] } ?? file.read(at: 0, count: Int(file.byteCount))
    let outcome = try contents.withUnsafeBytes { copy in
      try read(
        file.mapping ?? copy, path: path, number: number, nextFrame: nextFrame, isLast: isLast,
        body)
    }
    // Before an end is cut off as torn: a disk that returns other bytes each time must not make
    // acknowledged loads look unfinished.
    if outcome.tornByteCount > 0 || outcome.damage != nil, file.mapping == nil {
      guard try file.read(at: 0, count: contents.count) == contents else {
        throw StorageError.corrupt(
          file: path, offset: outcome.validByteCount, what: "log",
          expected: "the same bytes when read again", found: "others")
      }
    }
    return outcome
  }

  private func read(
    _ bytes: UnsafeRawBufferPointer, path: String, number: UInt32, nextFrame: UInt64,
    isLast: Bool, _ body: (LogRecord, UnsafeRawBufferPointer) throws -> Void
  ) throws -> Outcome {
    let version: UInt32
    do {
      let found = try checkHeader(bytes, path: path, number: number, isLast: isLast)
      guard let found else {
        return Outcome(
          validByteCount: 0, nextFrame: nextFrame, tornByteCount: UInt64(bytes.count),
          version: LogFormat.version)
      }
      version = found
    } catch let damage as StorageError {
      guard case .corrupt = damage else { throw damage }
      return Outcome(
        validByteCount: 0, nextFrame: nextFrame, tornByteCount: 0, version: LogFormat.version,
        damage: damage)
    }
    let frames = LogFrames(bytes: bytes, version: version)
    var offset = LogFormat.headerByteCount
    var frame = nextFrame
    while let payload = frames.payload(at: offset, number: frame) {
      let start = offset + LogFormat.frameHeaderByteCount(version)
      var reader = ByteReader(payload, file: path, origin: UInt64(start))
      while reader.remaining > 0 {
        try body(try LogRecord.decode(from: &reader, file: number), bytes)
      }
      offset = start + payload.count
      frame += 1
    }
    // The newest file runs ahead of its frames.
    let end = isLast ? frames.endOfBytes(from: offset) : bytes.count
    let rest = end - offset
    if rest > 0, !isLast || frames.showSynced(frame, from: offset) {
      return Outcome(
        validByteCount: UInt64(offset), nextFrame: frame, tornByteCount: 0, version: version,
        damage: .corrupt(
          file: path, offset: UInt64(offset), what: "log frame",
          expected: "whole frame \(frame)", found: "\(rest) bytes that are not"))
    }
    return Outcome(
      validByteCount: UInt64(offset), nextFrame: frame, tornByteCount: UInt64(rest),
      version: version)
  }

  /// - Returns: the format of the file; nil for a header that was never completed.
  private func checkHeader(
    _ bytes: UnsafeRawBufferPointer, path: String, number: UInt32, isLast: Bool
  ) throws -> UInt32? {
    let versions = LogFormat.firstVersion...LogFormat.version
    for version in versions {
      let expected = LogFormat.header(storeID: storeID, number: number, version: version)
      if bytes.count >= expected.count, bytes[..<expected.count].elementsEqual(expected) {
        return version
      }
    }
    var reader = ByteReader(bytes, file: path)
    if bytes.count >= LogFormat.headerByteCount, LogFormat.isWholeHeader(bytes),
      bytes[..<8].elementsEqual(LogFormat.magic)
    {
      _ = try reader.readBytes(8, "magic")
      let format = try reader.read(UInt32.self, "format")
      if format > LogFormat.version {
        throw StorageError.unsupportedFormat(
          file: path, found: "\(format)", supported: "up to \(LogFormat.version)")
      }
    }
    let hasFrames = versions.contains {
      LogFrames(bytes: bytes, version: $0).showSynced(0, from: 0)
    }
    guard isLast, !hasFrames else {
      throw StorageError.corrupt(
        file: path, offset: 0, what: "log header",
        expected: "that of log \(number) of this store", found: "something else")
    }
    return nil
  }
}
