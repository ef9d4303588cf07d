import CKernels
import CLZ4
import CMeasure
import CZstd
import ScanKernels
import StorageBase

/// What the other cases are held against.
enum CeilingCases {
  static func all() -> [MicroCase] {
    [memoryRead, TwoThreadCases.ceiling, pageCopy, cachedCopy, lz4, zstd]
  }

  static let pieceByteCount = 64 << 10
  /// About what a page of comments takes.
  private static let textByteCount = 384 << 10

  private static var memoryRead: MicroCase {
    let byteCount = 256 << 20
    let words = Lazily { Samples.randomWords(count: byteCount / 8, seed: 1) }
    return MicroCase(
      "ceiling", Ceiling.memoryRead.rawValue, byteCount: byteCount, valueCount: byteCount / 8
    ) {
      let values = try words.get()
      return {
        cm_consume(ck_read_words(values.values(as: UInt64.self).baseAddress, byteCount / 8))
      }
    }
  }

  private static var pageCopy: MicroCase {
    copy(.pageCopy, sourceByteCount: 8 << 20)
  }

  private static var cachedCopy: MicroCase {
    copy(.cachedCopy, sourceByteCount: pieceByteCount)
  }

  /// Copies 8 MiB, going round a source of that many bytes.
  private static func copy(_ ceiling: Ceiling, sourceByteCount: Int) -> MicroCase {
    let byteCount = 8 << 20
    let words = Lazily { Samples.randomWords(count: sourceByteCount / 8, seed: 2) }
    let target = AlignedBuffer(byteCount: pieceByteCount)
    return MicroCase(
      "ceiling", ceiling.rawValue, byteCount: byteCount, valueCount: byteCount / 8
    ) {
      let bytes = try words.get().bytes
      return {
        for _ in 0..<byteCount / sourceByteCount {
          cm_copy_pieces(
            bytes.baseAddress, sourceByteCount, pieceByteCount, target.mutableBytes.baseAddress)
        }
      }
    }
  }

  /// The text in pieces, each compressed by `compress` (source, count, target, capacity).
  private static func pieces(
    _ compress: (UnsafeRawPointer, Int, UnsafeMutableRawPointer, Int) -> Int
  ) -> (pieces: [AlignedBuffer], rawByteCount: Int) {
    let table = Samples.comments(count: EncodingCases.rowCount / 4, seed: 9)
    let text = table.bytes.bytes
    let scratch = AlignedBuffer(byteCount: textByteCount * 2)
    var pieces: [AlignedBuffer] = []
    let whole = text.count / textByteCount
    defer { withExtendedLifetime(table) {} }
    for index in 0..<whole {
      let piece = UnsafeRawBufferPointer(
        rebasing: text[index * textByteCount..<(index + 1) * textByteCount])
      guard let source = piece.baseAddress, let target = scratch.mutableBytes.baseAddress else {
        continue
      }
      let count = compress(source, piece.count, target, scratch.byteCount)
      pieces.append(.copy(of: UnsafeRawBufferPointer(rebasing: scratch.bytes[..<count])))
    }
    return (pieces, whole * textByteCount)
  }

  private static var lz4: MicroCase {
    let (pieces, rawByteCount) = pieces { source, count, target, capacity in
      Int(LZ4_compress_default(source, target, Int32(count), Int32(capacity)))
    }
    let target = AlignedBuffer(byteCount: textByteCount)
    return MicroCase(
      "ceiling", Ceiling.lz4.rawValue, byteCount: rawByteCount, valueCount: pieces.count
    ) {
      {
        for piece in pieces {
          let count = LZ4_decompress_safe(
            piece.bytes.baseAddress, target.mutableBytes.baseAddress, Int32(piece.byteCount),
            Int32(textByteCount))
          precondition(Int(count) == textByteCount)
        }
      }
    }
  }

  private static var zstd: MicroCase {
    let (pieces, rawByteCount) = pieces { source, count, target, capacity in
      ZSTD_compress(target, capacity, source, count, 3)
    }
    let target = AlignedBuffer(byteCount: textByteCount)
    let context = ZSTD_createDCtx()
    return MicroCase(
      "ceiling", Ceiling.zstd.rawValue, byteCount: rawByteCount, valueCount: pieces.count
    ) {
      {
        for piece in pieces {
          let count = ZSTD_decompressDCtx(
            context, target.mutableBytes.baseAddress, textByteCount, piece.bytes.baseAddress,
            piece.byteCount)
          precondition(count == textByteCount)
        }
      }
    }
  }
}
