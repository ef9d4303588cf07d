/// The fixed numbers of the file layout; FORMAT.md gives their meaning.
///
/// Persistent: changing one makes every segment ever written unreadable.
enum SegmentLayout {
  /// `SDSG`, at the beginning and at the end of a file.
  static let magic: UInt32 = 0x4753_4453
  static let magicByteCount = 4
  static let trailerByteCount = 20
  static let formatVersion: UInt8 = 1
  /// The required-feature bits this program knows.
  static let knownFeatures = PageEncoding.allCases.reduce(0) { $0 | $1.requiredFeature }
  static let checksumByteCount = 4
  /// The shortest page: checksum, encoding, flags and two varints.
  static let pageByteCountMin = 8
  static let extensionCountMax = 1024
  /// Dictionaries that a writer shares among pages, of all extensions.
  static let dictionaryCountMax = 256
  /// UTF-8 bytes of a string in a zone map.
  static let zonePrefixByteCountMax = 32
  /// The width byte of an integer block whose values are not packed.
  static let plainBlockMark: UInt8 = 255
  /// The width byte of an integer block with exceptions.
  static let patchedBlockMark: UInt8 = 254
  /// What a reader fetches first from a file that is not mapped.
  static let openingReadByteCount = 4096
}
