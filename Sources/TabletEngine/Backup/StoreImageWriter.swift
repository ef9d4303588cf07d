import InvertedIndex
import StorageBase
import StorageIO

/// Writes the image of a store into a directory, durably, the identity last: a directory that has
/// it is a complete store. Not thread-safe.
struct StoreImageWriter {
  let image: StoreImage
  let files: any FileSystem
  let destination: StoreLayout
  let mode: TransferMode
  /// Asked between pieces of files and rowsets; true ends the work.
  let isCancelled: () -> Bool
  let onProgress: (BackupProgress) -> Void
  private var progress = BackupProgress()
  private(set) var report = BackupReport()

  init(
    image: StoreImage, files: any FileSystem, destination: StoreLayout, mode: TransferMode,
    isCancelled: @escaping () -> Bool, onProgress: @escaping (BackupProgress) -> Void
  ) {
    self.image = image
    self.files = files
    self.destination = destination
    self.mode = mode
    self.isCancelled = isCancelled
    self.onProgress = onProgress
  }

  /// Writes everything, reads it again if asked to, and makes it a store. What a failure has left
  /// is removed as far as possible, and is no store in any case.
  ///
  /// - Throws: `StorageError`, or `CancellationError`.
  mutating func run(verifies: Bool) throws -> BackupReport {
    let directory = try BackupDirectory.prepare(destination, files)
    do {
      try writeFiles()
      if verifies { try verify() }
      try image.identity.write(files, layout: destination)
    } catch {
      directory.discard()
      throw error
    }
    return report
  }

  private mutating func writeFiles() throws {
    let logs = image.checkpoint.logFiles.sorted()
    progress.filesTotal = image.tablets.reduce(logs.count) { $0 + image.segments(of: $1).count }
    progress.bytesTotal = image.tablets.flatMap(image.segments).reduce(0) { $0 + $1.byteCount }
    for directory in [
      destination.logDirectory, destination.checkpointDirectory, destination.dataDirectory,
    ] {
      try files.createDirectory(directory)
    }
    for tablet in image.tablets {
      let directory = destination.tabletDirectory(tablet.state.id)
      try files.createDirectory(directory)
      let segments = image.segments(of: tablet)
      for segment in segments { try transfer(segment) }
      if !segments.isEmpty { try files.syncDirectory(directory, cause: .tool) }
    }
    try files.syncDirectory(destination.dataDirectory, cause: .tool)
    for log in logs { try transfer(try logFile(log)) }
    // Syncs the directory of the logs as well.
    _ = try LogWriter.create(
      files: files, layout: destination, storeID: image.identity.storeID,
      fileNumber: image.checkpoint.firstLog, nextFrame: image.checkpoint.nextFrame,
      reservedByteCountMax: 0)
    try image.checkpoint.write(files, layout: destination, storeID: image.identity.storeID)
    try files.syncDirectory(destination.root, cause: .tool)
    report.add(image)
  }

  private mutating func logFile(_ number: UInt32) throws -> StoreImage.File {
    let path = image.source.log(number)
    let byteCount = Int(try files.openForReading(path, cause: .tool).byteCount)
    progress.bytesTotal += byteCount
    return StoreImage.File(
      path: { $0.log(number) }, byteCount: byteCount, isImmutable: number < image.firstMutableLog)
  }

  private mutating func transfer(_ file: StoreImage.File) throws {
    try checkCancellation()
    let (source, target) = (file.path(image.source), file.path(destination))
    let isLinked =
      try mode == .link && file.isImmutable
      && files.linkOrCopy(source, to: target, cause: .tool)
    if mode == .copy || !file.isImmutable {
      let bytesBefore = progress.bytesDone
      try files.copy(source, to: target, cause: .tool) { count in
        try checkCancellation()
        progress.bytesDone += count
        onProgress(progress)
      }
      progress.bytesDone = bytesBefore
    }
    if isLinked {
      report.linkedFiles += 1
    } else {
      report.copiedFiles += 1
      report.copiedBytes += file.byteCount
    }
    report.bytes += file.byteCount
    progress.filesDone += 1
    progress.bytesDone += file.byteCount
    onProgress(progress)
  }

  /// Reads what was written as a store, every page of it.
  private mutating func verify() throws {
    var recovery = Recovery(
      files: files, layout: destination, storeID: image.identity.storeID,
      caches: .forOnePass)
    _ = try recovery.read()
    progress.isVerifying = true
    let found = try StoreVerifier(recovery.catalogue)
      .check { done, total in
        try checkCancellation()
        progress.rowsetsVerified = done
        progress.rowsetsTotal = total
        onProgress(progress)
      }
    let problems = found.problems + recovery.groupRowProblems()
    guard problems.isEmpty else {
      throw StorageError.damaged(
        path: image.source.root,
        problems: problems.map { $0.replacing(destination.root, with: image.source.root) },
        remedy: "nothing was written; `sediment verify --repair` says what can be saved")
    }
  }

  private func checkCancellation() throws {
    if isCancelled() { throw CancellationError() }
  }
}

extension BackupReport {
  fileprivate mutating func add(_ image: StoreImage) {
    let entries = image.tablets.flatMap(\.state.rowsets)
    commitSequence = image.checkpoint.commitSequence
    tables = image.checkpoint.tables.count
    tablets = image.tablets.count
    rowsets = entries.count
    rows = entries.reduce(0) { $0 + $1.summary.rowCount }
  }
}
