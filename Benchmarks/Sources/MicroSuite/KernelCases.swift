import CKernels
import CMeasure
import ScanKernels
import StorageBase

/// C kernels by themselves: unpacking, checksums, row ids.
enum KernelCases {
  static func all() -> [MicroCase] {
    [1, 4, 7, 11, 16, 20, 31].map { unpack32(width: $0) } + [unpack64(width: 40), checksum]
      + [1, 10, 50].map { rowIDs(percent: $0) }
  }

  private static let unpackCount = 1 << 20
  private static let pageRowCount = Samples.pageRowCount

  private static func unpack32(width: UInt32) -> MicroCase {
    let packed = Samples.randomWords(count: unpackCount / 2, seed: 21)
    let target = AlignedBuffer(byteCount: pageRowCount * 4)
    let pageByteCount = ck_packed_bytes(pageRowCount, width)
    return MicroCase(
      "unpack", "\(width) bits to 32", byteCount: unpackCount * 4, valueCount: unpackCount,
      ceiling: .cachedCopy
    ) {
      {
        for page in 0..<unpackCount / pageRowCount {
          ck_unpack32(
            packed.bytes.baseAddress.map { $0 + page * pageByteCount }, pageRowCount, width, 7,
            target.mutableValues(as: UInt32.self).baseAddress)
        }
      }
    }
  }

  private static func unpack64(width: UInt32) -> MicroCase {
    let packed = Samples.randomWords(count: unpackCount, seed: 22)
    let target = AlignedBuffer(byteCount: pageRowCount * 8)
    let pageByteCount = ck_packed_bytes(pageRowCount, width)
    return MicroCase(
      "unpack", "\(width) bits to 64", byteCount: unpackCount * 8, valueCount: unpackCount,
      ceiling: .cachedCopy
    ) {
      {
        for page in 0..<unpackCount / pageRowCount {
          ck_unpack64(
            packed.bytes.baseAddress.map { $0 + page * pageByteCount }, pageRowCount, width, 7,
            target.mutableValues(as: UInt64.self).baseAddress)
        }
      }
    }
  }

  private static var checksum: MicroCase {
    let byteCount = 64 << 20
    let words = Lazily { Samples.randomWords(count: byteCount / 8, seed: 23) }
    return MicroCase(
      "checksum", "CRC32C of 64 KiB pages", byteCount: byteCount,
      valueCount: byteCount / CeilingCases.pieceByteCount, ceiling: .memoryRead
    ) {
      let bytes = try words.get().bytes
      return {
        var all: UInt32 = 0
        for start in stride(from: 0, to: byteCount, by: CeilingCases.pieceByteCount) {
          let page = bytes[start..<start + CeilingCases.pieceByteCount]
          all ^= crc32c(UnsafeRawBufferPointer(rebasing: page))
        }
        cm_consume(UInt64(all))
      }
    }
  }

  private static func rowIDs(percent: UInt64) -> MicroCase {
    let rowCount = 1 << 20
    var random = SeededGenerator(seed: 24)
    let bitmaps = (0..<rowCount / pageRowCount).map { _ in
      let bitmap = Bitmap(count: pageRowCount)
      for row in 0..<pageRowCount where random.next() % 100 < percent { bitmap.set(row) }
      return bitmap
    }
    return MicroCase(
      "bitmap to row ids", "\(percent) % set", byteCount: 0, valueCount: rowCount
    ) {
      { for bitmap in bitmaps { cm_consume(UInt64(bitmap.rowIDs().count)) } }
    }
  }
}
