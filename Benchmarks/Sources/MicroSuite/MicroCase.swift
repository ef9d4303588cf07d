/// One thing to measure: a piece of work on data that has been made before.
public struct MicroCase {
  /// Such as "decode".
  public let group: String
  /// The kind of data, such as "int32, 11 bits".
  public let name: String
  /// Bytes one run goes through: of values in memory, unless `note` says otherwise. 0 where bytes
  /// mean nothing.
  public let byteCount: Int
  /// Values, rows or calls of one run.
  public let valueCount: Int
  public let ceiling: Ceiling?
  /// What the reader of the table should know, such as the encoding that was chosen.
  public let note: String
  /// Makes a run; what this does itself is not measured. A run is used once.
  public let prepare: () throws -> () throws -> Void

  init(
    _ group: String, _ name: String, byteCount: Int, valueCount: Int, ceiling: Ceiling? = nil,
    note: String = "", prepare: @escaping () throws -> () throws -> Void
  ) {
    self.group = group
    self.name = name
    self.byteCount = byteCount
    self.valueCount = valueCount
    self.ceiling = ceiling
    self.note = note
    self.prepare = prepare
  }

  public var title: String { "\(group): \(name)" }
}

/// What cannot be beaten, measured in the same process right before.
public enum Ceiling: String, CaseIterable, Sendable {
  /// A plain C loop that sums 256 MiB, one thread.
  case memoryRead = "memory read"
  /// The same by two threads, each its half.
  case memoryReadByTwo = "memory read by two threads"
  /// `memcpy` of pages of 64 KiB from 8 MiB onto the same 64 KiB: writes stay in the cache.
  case pageCopy = "page copy"
  /// The same from 64 KiB: nothing leaves the cache.
  case cachedCopy = "cached copy"
  /// `LZ4_decompress_safe` alone on the same text, in pieces of 384 KiB.
  case lz4 = "LZ4"
  /// `ZSTD_decompressDCtx` alone on the same text, in pieces of 384 KiB, level 3.
  case zstd = "Zstandard"
}
