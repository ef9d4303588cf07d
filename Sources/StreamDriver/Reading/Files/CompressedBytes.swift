import ScanKernels
import StorageBase

/// What a file is compressed with, by the end of its name.
enum FileCompression: String, CaseIterable {
  case gzip = "gz"
  case lz4
  case zstd = "zst"

  /// Nil for a file that is not compressed.
  init?(path: String) {
    guard let dot = path.lastIndex(of: "."),
      let known = FileCompression(rawValue: String(path[path.index(after: dot)...]))
    else { return nil }
    self = known
  }

  func makeDecoder() throws -> any StreamDecoder {
    switch self {
    case .gzip: try GzipDecoder()
    case .lz4: try LZ4FrameDecoder()
    case .zstd: try ZstdDecoder()
    }
  }
}

/// Decompresses a stream piece by piece. Not thread-safe.
protocol StreamDecoder: AnyObject {
  /// Takes bytes from `input` and puts decompressed ones into `output`.
  /// - Returns: how many were taken, how many put, and whether a frame ended there.
  /// - Throws: `DecoderFault` for bytes that are not of the format.
  func decode(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) throws(DecoderFault) -> (taken: Int, put: Int, endsFrame: Bool)
}

/// Why bytes cannot be decompressed.
struct DecoderFault: Error { let reason: String }

/// The bytes of a compressed file, several frames one after another among them. Not thread-safe.
final class CompressedBytes: ByteInput {
  private static let inputByteCount = 64 << 10

  private let path: String
  private let source: any ByteInput
  private let decoder: any StreamDecoder
  private let input = AlignedBuffer(byteCount: inputByteCount)
  private var pending = 0..<0
  /// Whether the bytes so far end with a frame.
  private(set) var isWhole = true
  var hasEnded: Bool { source.hasEnded }
  /// Of compressed bytes taken so far, for errors.
  private var taken: UInt64 = 0

  init(_ source: any ByteInput, _ compression: FileCompression, path: String) throws {
    self.source = source
    self.path = path
    decoder = try compression.makeDecoder()
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    while true {
      if pending.isEmpty {
        let count = try source.read(into: input.mutableBytes)
        guard count > 0 else { return try drain(buffer) }
        pending = 0..<count
      }
      let put = try step(UnsafeRawBufferPointer(rebasing: input.bytes[pending]), buffer)
      if put > 0 { return put }
    }
  }

  /// What the decoder still holds back.
  private func drain(_ buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    isWhole ? 0 : try step(UnsafeRawBufferPointer(start: nil, count: 0), buffer)
  }

  private func step(
    _ bytes: UnsafeRawBufferPointer, _ buffer: UnsafeMutableRawBufferPointer
  ) throws -> Int {
    do throws(DecoderFault) {
      let step = try decoder.decode(bytes, into: buffer)
      pending = pending.lowerBound + step.taken..<pending.upperBound
      taken += UInt64(step.taken)
      if step.taken > 0 || step.put > 0 { isWhole = step.endsFrame }
      return step.put
    } catch {
      throw StorageError.corrupt(
        file: path, offset: taken, what: "compressed bytes", expected: "a valid frame",
        found: error.reason)
    }
  }
}
