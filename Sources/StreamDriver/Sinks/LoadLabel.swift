/// What a load of a stream is called: by its label alone it is found again after a crash, whatever
/// else was lost. `PREFIX_WRITER_CHECKPOINT`, as the connectors of Apache Doris do it, or
/// `PREFIX_WRITER-PART_CHECKPOINT` for the second part and those after it.
public struct LoadLabel: Hashable, Sendable, CustomStringConvertible {
  public let prefix: String
  /// The writer of results of windows.
  public static let windows = -1

  /// Which of the writers, counted from 0; or `windows`.
  public let writer: Int
  /// The checkpoint it is pre-committed for.
  public let checkpoint: UInt64
  /// Which of the loads of a writer and checkpoint, counted from 0: some rows do not go together.
  public let part: Int

  public init(prefix: String, writer: Int, checkpoint: UInt64, part: Int = 0) {
    self.prefix = prefix
    self.writer = writer
    self.checkpoint = checkpoint
    self.part = part
  }

  /// Of another load of the same writer and checkpoint.
  func part(_ part: Int) -> LoadLabel {
    LoadLabel(prefix: prefix, writer: writer, checkpoint: checkpoint, part: part)
  }

  /// Reads the label of another load of the same prefix; nil for every other label.
  public init?(_ text: String, prefix: String) {
    guard text.utf8.starts(with: prefix.utf8) else { return nil }
    let fields = text.dropFirst(prefix.count)
      .split(separator: "_", omittingEmptySubsequences: false)
    guard fields.count == 3, fields[0].isEmpty, let checkpoint = UInt64(fields[2]) else {
      return nil
    }
    let names = fields[1].split(separator: "-", maxSplits: 1)
    guard let name = names.first, let writer = name == "windows" ? -1 : Int(name),
      let part = names.count == 1 ? 0 : Int(names[1])
    else { return nil }
    self.init(prefix: prefix, writer: writer, checkpoint: checkpoint, part: part)
    guard description == text else { return nil }
  }

  public var description: String {
    let name = writer < 0 ? "windows" : "\(writer)"
    return "\(prefix)_\(name)\(part > 0 ? "-\(part)" : "")_\(checkpoint)"
  }
}
