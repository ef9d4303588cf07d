import StorageBase
import StorageIO

/// The side outputs of one writer: files of lines beside the checkpoints, which say how long they
/// are (see FORMAT.md). Not thread-safe.
final class SideOutputs {
  private struct Output {
    var file: any WritableFile
    var buffer: [UInt8] = []
    var isSynced = true
  }

  /// Bytes of lines that are gathered before they are written.
  private static let bufferByteCount = 64 << 10

  private let files: any FileSystem
  private let directory: String
  private let writer: Int
  private var outputs: [String: Output] = [:]

  init(writer: Int, directory: String, files: any FileSystem) {
    self.writer = writer
    self.directory = directory
    self.files = files
  }

  func append(_ row: SideRow) throws {
    let name = Self.fileName(output: row.output, writer: writer)
    if outputs[name] == nil {
      let path = directory + "/" + name
      let file =
        try files.exists(path)
        ? try files.openForAppending(path, cause: .tool)
        : try files.create(path, cause: .tool)
      outputs[name] = Output(file: file)
    }
    outputs[name]?.buffer.append(contentsOf: row.line.utf8)
    outputs[name]?.buffer.append(UInt8(ascii: "\n"))
    if let count = outputs[name]?.buffer.count, count >= Self.bufferByteCount { try flush(name) }
  }

  /// Makes all lines durable.
  /// - Returns: by file, its length.
  func sync() throws -> [String: UInt64] {
    var lengths: [String: UInt64] = [:]
    for name in outputs.keys {
      try flush(name)
      guard let output = outputs[name] else { continue }
      if !output.isSynced {
        try output.file.sync()
        outputs[name]?.isSynced = true
      }
      lengths[name] = output.file.byteCount
    }
    if !lengths.isEmpty { try files.syncDirectory(directory, cause: .tool) }
    return lengths
  }

  private func flush(_ name: String) throws {
    guard let output = outputs[name], !output.buffer.isEmpty else { return }
    try output.file.append(output.buffer)
    outputs[name]?.buffer.removeAll(keepingCapacity: true)
    outputs[name]?.isSynced = false
  }

  static func fileName(output: String, writer: Int) -> String { "\(output)-\(writer).jsonl" }

  /// Cuts what no checkpoint says, since its rows come again.
  /// - Parameter lengths: by file; others are removed.
  static func restore(
    _ lengths: [String: UInt64], directory: String, files: any FileSystem
  ) throws {
    for name in try files.listDirectory(directory) where name.hasSuffix(".jsonl") {
      let path = directory + "/" + name
      guard let length = lengths[name] else {
        try files.remove(path)
        continue
      }
      let file = try files.openForAppending(path, cause: .tool)
      guard length <= file.byteCount else {
        throw StorageError.damaged(
          path: path, problems: ["\(length) bytes are expected, it has \(file.byteCount)"],
          remedy: "bring the file back, or remove it and the checkpoints to begin again")
      }
      try file.truncate(to: length)
      try file.sync()
    }
    try files.syncDirectory(directory, cause: .tool)
  }
}
