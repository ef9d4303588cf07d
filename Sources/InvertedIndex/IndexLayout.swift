/// The constants of FORMAT.md.
enum IndexLayout {
  /// `SDII`, read as a little-endian integer.
  static let magic: UInt32 = 0x4949_4453
  static let magicByteCount = 4
  static let trailerByteCount = 20
  static let checksumByteCount = 4
  static let formatVersion: UInt8 = 1
  /// The required feature of indexes whose rows and positions may be packed: all that are written
  /// now.
  static let packedFeature: UInt32 = 1

  /// Entries of a dictionary block after which it is closed, in bytes.
  static let blockByteCountTarget = 4096
  /// Every so many entries share nothing with the one before.
  static let restartInterval = 16
  /// Rows and positions of a term that lie in the dictionary, in bytes.
  static let inlineByteCountMax = 24
  /// Rows of a term that are written as deltas; more are packed or a roaring bitmap.
  static let deltaRowCountMax = 128
  /// A term that is in at least one row of so many is a roaring bitmap.
  static let denseRowShare = 12
  /// Rows whose positions form a group that can be skipped.
  static let positionGroupRowCount = 256

  /// Bytes read at once when an index is opened: most footers fit.
  static let openingReadByteCount = 16 << 10
  /// Bytes of one token; longer words are cut, at a character.
  static let tokenByteCountMax = 255
}
