/// How the values of a page are laid out. Raw values are persistent: never change or reuse one.
public enum PageEncoding: UInt8, Hashable, Sendable, CaseIterable, CustomStringConvertible {
  /// Values one after another; strings as packed lengths and bytes.
  case plain = 1
  /// Offsets from the least value in as few bits as the greatest needs (frame of reference);
  /// 0 bits when all values are equal.
  case bitPacked = 2
  /// Each run of equal values once, with its length.
  case runLength = 3
  /// Distinct values and a packed code per row.
  case dictionary = 4

  public var description: String {
    switch self {
    case .plain: "plain"
    case .bitPacked: "bit-packed"
    case .runLength: "run-length"
    case .dictionary: "dictionary"
    }
  }
}

/// How the payload of a page is compressed. Raw values are persistent: never change or reuse one.
public enum PageCompression: UInt8, Hashable, Sendable, CaseIterable, CustomStringConvertible {
  case none = 0
  /// One LZ4 block.
  case lz4 = 1
  /// One Zstandard frame.
  case zstd = 2

  public var description: String {
    switch self {
    case .none: "none"
    case .lz4: "lz4"
    case .zstd: "zstd"
    }
  }
}
