/// What a writer tries on the payload of each page; a page that it shrinks too little is stored as
/// it is. Anything but `none` also lets texts be encoded by symbols, which read faster.
public enum Compression: Hashable, Sendable {
  case none
  /// LZ4 blocks: a few GB/s to read.
  case lz4
  /// Zstandard at a level of 1 (fast) to 22 (small).
  case zstd(level: Int)

  /// The level of `zstd` without a number: the library's own default.
  public static let zstdLevelDefault = 3
  public static let zstdLevels = 1...22
}

extension Compression: LosslessStringConvertible {
  /// `none`, `lz4`, `zstd` (the default level) or `zstd:9`.
  public var description: String {
    switch self {
    case .none: "none"
    case .lz4: "lz4"
    case .zstd(let level): level == Self.zstdLevelDefault ? "zstd" : "zstd:\(level)"
    }
  }

  /// Parses what `description` prints; nil for anything else.
  public init?(_ description: String) {
    switch description {
    case "none": self = .none
    case "lz4": self = .lz4
    case "zstd": self = .zstd(level: Self.zstdLevelDefault)
    default:
      guard description.hasPrefix("zstd:"), let level = Int(description.dropFirst(5)),
        Self.zstdLevels.contains(level)
      else { return nil }
      self = .zstd(level: level)
    }
  }
}
