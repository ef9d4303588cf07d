import StorageIO

/// Where the log of a store ends, as recovery has found it.
struct LogEnd: Hashable, Sendable {
  /// The first file that was replayed. Nothing is ever appended to those before it.
  let firstFile: UInt32
  /// The file that the next frame goes to.
  let fileNumber: UInt32
  /// The newest file there is: later than `fileNumber` when it was begun and never used.
  let newestFile: UInt32
  /// The number the next frame gets.
  let nextFrame: UInt64
  /// Bytes of file `fileNumber` up to the end of its last whole frame; 0 when not even the header
  /// is whole.
  let validByteCount: UInt64
  /// The format of file `fileNumber`.
  let version: UInt32

  /// The log, ready for the next frame. What is torn at its end is cut off.
  func makeWriter(
    _ files: any FileSystem, layout: StoreLayout, storeID: UInt64, reservedByteCountMax: Int
  ) throws -> LogWriter {
    try settleUnusedFiles(files, layout)
    guard validByteCount > 0 else {
      return try LogWriter.create(
        files: files, layout: layout, storeID: storeID, fileNumber: fileNumber,
        nextFrame: nextFrame, reservedByteCountMax: reservedByteCountMax)
    }
    let writer = try LogWriter.resume(
      files: files, layout: layout, storeID: storeID, fileNumber: fileNumber,
      nextFrame: nextFrame, validByteCount: validByteCount,
      reservedByteCountMax: reservedByteCountMax)
    // Every file has one format.
    if version != LogFormat.version { try writer.rotate() }
    return writer
  }

  /// A file that was begun and never used holds no frame now, but may after a power failure, when
  /// one was cut off it and that is not on disk. Then it would look as if writing had gone on in
  /// it.
  private func settleUnusedFiles(_ files: any FileSystem, _ layout: StoreLayout) throws {
    guard newestFile > fileNumber else { return }
    for number in fileNumber + 1...newestFile {
      try files.openForAppending(layout.log(number), cause: .log).sync()
    }
  }
}
