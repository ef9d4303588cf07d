import StorageBase
import StorageIO

/// Appends frames to the newest log file.
///
/// Not thread-safe although it may be handed to other threads: the store keeps it under a lock.
final class LogWriter: @unchecked Sendable {
  private let files: any FileSystem
  private let layout: StoreLayout
  private let storeID: UInt64
  private var file: any WritableFile
  /// The number of the file being written.
  private(set) var fileNumber: UInt32
  /// The number the next frame gets.
  private(set) var nextFrame: UInt64
  /// The number of the last frame that is on disk.
  private var syncedFrame: UInt64
  /// When the frames that are not on disk have to be; nil when nobody was promised that.
  private(set) var syncDeadline: Timestamp?
  /// The memory of the last frame, for the next one.
  private var spareMemory = ByteWriter()
  /// The memory of larger frames is not kept.
  private static let spareByteCountMax = 4 << 20
  /// Why nothing can be written any more; nil while all is well.
  private(set) var failure: String?

  /// Begins log file `fileNumber`.
  static func create(
    files: any FileSystem, layout: StoreLayout, storeID: UInt64, fileNumber: UInt32,
    nextFrame: UInt64
  ) throws -> LogWriter {
    let file = try begin(files, layout, storeID, fileNumber)
    return LogWriter(files, layout, storeID, file, fileNumber, nextFrame)
  }

  /// Goes on with a log file that recovery has read up to `validByteCount`.
  ///
  /// What was read may never have been synced: the process before this one may have ended in
  /// between. It is synced now, before anybody acts on it; otherwise files that it made superfluous
  /// could be removed, and then a crash could undo it.
  static func resume(
    files: any FileSystem, layout: StoreLayout, storeID: UInt64, fileNumber: UInt32,
    nextFrame: UInt64, validByteCount: UInt64
  ) throws -> LogWriter {
    let file = try files.openForAppending(layout.log(fileNumber), cause: .log)
    if file.byteCount > validByteCount { try file.truncate(to: validByteCount) }
    try file.sync()
    return LogWriter(files, layout, storeID, file, fileNumber, nextFrame)
  }

  private init(
    _ files: any FileSystem, _ layout: StoreLayout, _ storeID: UInt64, _ file: any WritableFile,
    _ fileNumber: UInt32, _ nextFrame: UInt64
  ) {
    self.files = files
    self.layout = layout
    self.storeID = storeID
    self.file = file
    self.fileNumber = fileNumber
    self.nextFrame = nextFrame
    syncedFrame = nextFrame - 1
  }

  private static func begin(
    _ files: any FileSystem, _ layout: StoreLayout, _ storeID: UInt64, _ number: UInt32
  ) throws -> any WritableFile {
    let file = try files.create(layout.log(number), cause: .log)
    try file.append(LogFormat.header(storeID: storeID, number: number))
    try file.sync()
    try files.syncDirectory(layout.logDirectory, cause: .log)
    return file
  }

  var byteCount: UInt64 { file.byteCount }

  /// Where the next frame will begin.
  var nextPosition: LogPosition { LogPosition(file: fileNumber, offset: file.byteCount) }

  /// An empty frame, to be given to `append` unless it stays empty.
  func makeFrame() -> LogFrameWriter {
    let memory = spareMemory
    spareMemory = ByteWriter()
    return LogFrameWriter(reusing: memory)
  }

  /// Whether all frames are on disk.
  var isSynced: Bool { syncedFrame + 1 == nextFrame }

  /// - Throws: `StorageError.storeFailed` once nothing can be written any more.
  func requireUsable() throws {
    if let failure { throw StorageError.storeFailed(path: layout.root, cause: failure) }
  }

  /// Appends a frame, and takes its memory.
  ///
  /// When the bytes cannot be appended (a full disk) the file is cut back, durably, and the writer
  /// stays usable: the frame never was. When they cannot be synced, or the file cannot be cut back,
  /// nobody knows what is on disk: the writer refuses everything from then on, and reopening the
  /// store finds out.
  func append(_ frame: inout LogFrameWriter, _ syncing: LogSyncing) throws {
    try requireUsable()
    let payloadByteCount = frame.payloadByteCount
    guard payloadByteCount <= Limits.logRecordByteCountMax else {
      throw StorageError.limitExceeded(
        what: "the size of a commit", value: payloadByteCount, limit: Limits.logRecordByteCountMax,
        remedy: "load fewer rows at a time")
    }
    let start = file.byteCount
    frame.seal(number: nextFrame, synced: syncedFrame)
    defer { if frame.bytes.count <= Self.spareByteCountMax { swap(&spareMemory, &frame.bytes) } }
    do {
      try file.append(frame.bytes.bytes)
    } catch {
      do {
        try file.truncate(to: start)
        try file.sync()
        noteSynced()
      } catch { failure = "\(error)" }
      throw error
    }
    nextFrame += 1
    switch syncing {
    case .now: try sync()
    case .by(let deadline): syncDeadline = min(syncDeadline ?? deadline, deadline)
    case .whenever: break
    }
  }

  /// Puts every frame on disk that is not there yet.
  func sync() throws {
    try requireUsable()
    guard !isSynced else { return }
    do {
      try file.sync()
    } catch {
      failure = "\(error)"
      throw error
    }
    noteSynced()
  }

  private func noteSynced() {
    syncedFrame = nextFrame - 1
    syncDeadline = nil
  }

  /// Begins the next log file; later frames go there. All earlier ones are on disk then, so that
  /// only the last file can have frames that are not.
  func rotate() throws {
    try sync()
    file = try Self.begin(files, layout, storeID, fileNumber + 1)
    fileNumber += 1
  }
}

/// When a frame has to be on disk.
enum LogSyncing {
  case now
  case by(Timestamp)
  case whenever
}
