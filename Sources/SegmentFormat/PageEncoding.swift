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
  /// Differences between neighbours, packed: for sorted and nearly sorted integers.
  case delta = 5
  /// As `bitPacked`, with the few values that would need more bits stored apart (PFOR: Zukowski,
  /// Heman, Nes, Boncz, "Super-Scalar RAM-CPU Cache Compression", ICDE 2006).
  case patched = 6
  /// Floating-point numbers that came from short decimal fractions as integers (ALP).
  case alp = 7
  /// Integers of 128 bits as offsets from the least value, high and low halves apart.
  case split = 8
  /// Strings as codes of symbols, which are runs of bytes that are frequent in the page (FSST).
  case symbols = 9
  /// A packed code per row into the dictionary of the column, which all its pages share.
  case sharedDictionary = 10

  /// The bit of the trailer's required features that a file with such a page sets; 0 for what
  /// every reader knows.
  var requiredFeature: UInt32 {
    switch self {
    case .plain, .bitPacked, .runLength, .dictionary: 0
    case .delta: 1 << 0
    case .patched: 1 << 1
    case .alp: 1 << 2
    case .split: 1 << 3
    case .symbols: 1 << 4
    case .sharedDictionary: 1 << 5
    }
  }

  public var description: String {
    switch self {
    case .plain: "plain"
    case .bitPacked: "bit-packed"
    case .runLength: "run-length"
    case .dictionary: "dictionary"
    case .delta: "delta"
    case .patched: "patched"
    case .alp: "alp"
    case .split: "split"
    case .symbols: "symbols"
    case .sharedDictionary: "shared dictionary"
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
