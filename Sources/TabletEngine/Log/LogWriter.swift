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
  /// Bytes that are reserved behind the frames at a time, at most; 0 for none.
  private let reservedByteCountMax: Int
  /// Where what is reserved in the file ends; none is reserved beyond a place that could not be.
  private var reservedEnd: UInt64 = 0
  /// The memory of the last frame, for the next one.
  private var spareMemory = ByteWriter()
  /// The memory of larger frames is not kept.
  private static let spareByteCountMax = 4 << 20
  /// Why nothing can be written any more; nil while all is well.
  private(set) var failure: String?

  /// Less is not worth a write of its own.
  private static let reservedByteCountMin = 64 << 10

  /// Begins log file `fileNumber`.
  static func create(
    files: any FileSystem, layout: StoreLayout, storeID: UInt64, fileNumber: UInt32,
    nextFrame: UInt64, reservedByteCountMax: Int
  ) throws -> LogWriter {
    let file = try begin(files, layout, storeID, fileNumber)
    return LogWriter(
      files, layout, storeID, file, fileNumber, nextFrame, reservedByteCountMax)
  }

  /// Goes on with a log file that recovery has read up to `validByteCount`.
  ///
  /// What was read may never have been synced: the process before this one may have ended in
  /// between. It is synced now, before anybody acts on it; otherwise files that it made superfluous
  /// could be removed, and then a crash could undo it.
  static func resume(
    files: any FileSystem, layout: StoreLayout, storeID: UInt64, fileNumber: UInt32,
    nextFrame: UInt64, validByteCount: UInt64, reservedByteCountMax: Int
  ) throws -> LogWriter {
    let file = try files.openForAppending(layout.log(fileNumber), cause: .log)
    if file.byteCount > validByteCount { try file.truncate(to: validByteCount) }
    try file.sync()
    return LogWriter(
      files, layout, storeID, file, fileNumber, nextFrame, reservedByteCountMax)
  }

  private init(
    _ files: any FileSystem, _ layout: StoreLayout, _ storeID: UInt64, _ file: any WritableFile,
    _ fileNumber: UInt32, _ nextFrame: UInt64, _ reservedByteCountMax: Int
  ) {
    self.files = files
    self.layout = layout
    self.storeID = storeID
    self.file = file
    self.fileNumber = fileNumber
    self.nextFrame = nextFrame
    self.reservedByteCountMax = reservedByteCountMax
    syncedFrame = nextFrame - 1
  }

  /// Begins log file `number`, durably; nothing is appended to it before `rotate`.
  static func begin(
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
        try cut(to: start)
        try file.sync()
        noteSynced()
      } catch { failure = "\(error)" }
      throw error
    }
    nextFrame += 1
    reserve()
    switch syncing {
    case .now: try sync()
    case .by(let deadline): syncDeadline = min(syncDeadline ?? deadline, deadline)
    case .whenever: break
    }
  }

  /// Lets the file run ahead of its frames, once they have filled what was reserved for them. It is
  /// doubled until the steps are as large as they may be, so that small stores stay small.
  private func reserve() {
    guard reservedByteCountMax > 0, file.byteCount > reservedEnd else { return }
    let step = min(
      max(Int(file.byteCount), Self.reservedByteCountMin), reservedByteCountMax)
    do {
      try file.reserve(upTo: file.byteCount + UInt64(step))
      reservedEnd = file.byteCount + UInt64(step)
    } catch {
      // Commits need it for their speed only; where there is no room it is not asked for again.
      reservedEnd = .max
    }
  }

  /// Takes away what is behind the first bytes of the file.
  private func cut(to byteCount: UInt64) throws {
    try file.truncate(to: byteCount)
    reservedEnd = 0
  }

  /// Takes away what is reserved and was not used.
  func trim() throws {
    if reservedEnd > 0 { try cut(to: file.byteCount) }
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

  /// Begins the next log file; later frames go there.
  func rotate() throws { try rotate(to: Self.begin(files, layout, storeID, fileNumber + 1)) }

  /// Goes on in the next log file, which has been begun; later frames go there. All earlier ones
  /// are on disk then, and nothing behind them, so that only the last file can have frames that are
  /// not.
  func rotate(to next: any WritableFile) throws {
    try sync()
    if reservedEnd > 0 {
      try trim()
      do { try file.sync() } catch {
        failure = "\(error)"
        throw error
      }
    }
    file = next
    fileNumber += 1
  }
}

/// When a frame has to be on disk.
enum LogSyncing {
  case now
  case by(Timestamp)
  case whenever
}
