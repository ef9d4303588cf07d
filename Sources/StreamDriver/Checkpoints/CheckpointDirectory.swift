import StorageBase
import StorageIO

/// The checkpoints of one pipeline on disk (see FORMAT.md). Thread-safe as long as one run uses it,
/// which its lock sees to.
public struct CheckpointDirectory: Sendable {
  /// Checkpoints that are kept, the newest among them.
  private static let keptCount = 3
  private static let stem = "checkpoint-"

  public let path: String
  private let files: any FileSystem
  private let lock: any FileLock

  /// Opens the directory, which is created when it is not there.
  /// - Throws: `StorageError.storeLocked` when another run uses it.
  public init(_ path: String, files: any FileSystem) throws {
    try files.createDurableDirectory(path)
    lock = try files.lock(path + "/LOCK")
    self.path = path
    self.files = files
  }

  /// The checkpoint to go on from; nil when there is none.
  /// - Throws: `StorageError.damaged` when it cannot be understood; whoever guessed an older one
  ///   would repeat rows.
  public func newest() throws -> PipelineCheckpoint? {
    guard let number = try numbers().last else { return nil }
    let file = filePath(number)
    do {
      let readable = try files.openForReading(file, cause: .checkpoint)
      let bytes = try readable.read(at: 0, count: Int(readable.byteCount))
      let checkpoint = try PipelineCheckpoint(decoding: bytes, path: file)
      guard checkpoint.number == number else {
        throw StorageError.corrupt(
          file: file, offset: 16, what: "number", expected: "\(number)",
          found: "\(checkpoint.number)")
      }
      return checkpoint
    } catch let error as StorageError {
      if case .io = error { throw error }
      throw StorageError.damaged(
        path: file, problems: ["\(error)"],
        remedy: """
          older checkpoints would repeat rows that may be visible, so none is tried: bring the \
          file back from a copy, or empty the tables and begin under another label prefix
          """)
    }
  }

  /// Makes the checkpoint the newest one; durable when this returns.
  public func write(_ checkpoint: PipelineCheckpoint) throws {
    let path = filePath(checkpoint.number)
    let file = try files.create(path + ".tmp", cause: .checkpoint)
    try file.append(checkpoint.encoded())
    try file.sync()
    try files.rename(path + ".tmp", to: path)
    try files.syncDirectory(self.path, cause: .checkpoint)
  }

  /// Lets go of those that are too old to be of interest.
  public func removeOld() throws {
    for number in try numbers().dropLast(Self.keptCount) { try files.remove(filePath(number)) }
  }

  private func filePath(_ number: UInt64) -> String {
    let digits = "\(number)"
    return "\(path)/\(Self.stem)" + String(repeating: "0", count: 20 - digits.count) + digits
  }

  private func numbers() throws -> [UInt64] {
    try files.listDirectory(path).compactMap { name in
      name.hasPrefix(Self.stem) ? UInt64(name.dropFirst(Self.stem.count)) : nil
    }.sorted()
  }
}
