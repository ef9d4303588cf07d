/// What a load of a stream is called: by its label alone it is found again after a crash, whatever
/// else was lost. `PREFIX_WRITER_CHECKPOINT`, as the connectors of Apache Doris do it.
public struct LoadLabel: Hashable, Sendable, CustomStringConvertible {
  public let prefix: String
  /// The writer of results of windows.
  public static let windows = -1

  /// Which of the writers, counted from 0; or `windows`.
  public let writer: Int
  /// The checkpoint it is pre-committed for.
  public let checkpoint: UInt64

  public init(prefix: String, writer: Int, checkpoint: UInt64) {
    self.prefix = prefix
    self.writer = writer
    self.checkpoint = checkpoint
  }

  /// Reads the label of another load of the same prefix; nil for every other label.
  public init?(_ text: String, prefix: String) {
    guard text.utf8.starts(with: prefix.utf8) else { return nil }
    let fields = text.dropFirst(prefix.count)
      .split(separator: "_", omittingEmptySubsequences: false)
    guard fields.count == 3, fields[0].isEmpty, let checkpoint = UInt64(fields[2]) else {
      return nil
    }
    guard let writer = fields[1] == "windows" ? -1 : Int(fields[1]) else { return nil }
    self.init(prefix: prefix, writer: writer, checkpoint: checkpoint)
    guard description == text else { return nil }
  }

  public var description: String {
    "\(prefix)_\(writer < 0 ? "windows" : "\(writer)")_\(checkpoint)"
  }
}
