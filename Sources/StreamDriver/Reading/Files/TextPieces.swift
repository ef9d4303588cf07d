import IngestDriver
import ScanKernels
import StorageBase

/// Cuts bytes into pieces of whole rows. Not thread-safe.
struct TextPieces {
  /// What is read at a time: some thousand rows.
  static let pieceByteCount = 512 << 10
  /// A row longer than this is taken for a quote that is never closed.
  private static let rowByteCountMax = 64 << 20

  let input: any ByteInput
  private let path: String
  private let quote: UInt8?
  private var buffer = AlignedBuffer(byteCount: pieceByteCount)
  /// Of the buffer, bytes that have been read and not been given out.
  private var held = 0..<0

  /// - Parameter quote: between two of these a line end is no end of a row; nil where it always is.
  init(_ input: any ByteInput, quote: UInt8?, path: String) {
    self.input = input
    self.quote = quote
    self.path = path
  }

  /// Bytes that have been read and not been given out, valid until the next call.
  var heldBytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: buffer.bytes[held]) }

  /// The next whole rows, valid until the next call; nil when there are none now.
  /// - Parameter isLast: whether none will come when none are there, so that a row without a line
  ///   end counts.
  mutating func next(isLast: Bool) throws -> UnsafeRawBufferPointer? {
    while true {
      let count = try fill()
      if let whole = wholeRowByteCount(of: heldBytes, quote: quote) { return give(whole) }
      if count > 0 { continue }
      return isLast && !held.isEmpty ? give(held.count) : nil
    }
  }

  /// Takes back the last of the bytes that were given out; valid until the next call like they.
  mutating func takeBack(_ byteCount: Int) {
    held = held.lowerBound - byteCount..<held.upperBound
  }

  /// Passes bytes, whatever they are.
  /// - Returns: how many; fewer than wanted when there are no more now.
  mutating func skip(_ byteCount: UInt64) throws -> UInt64 {
    var left = byteCount
    while left > 0 {
      if held.isEmpty, try fill() == 0 { break }
      left -= UInt64(give(Int(min(left, UInt64(held.count)))).count)
    }
    return byteCount - left
  }

  private mutating func give(_ count: Int) -> UnsafeRawBufferPointer {
    let bytes = buffer.bytes[held.lowerBound..<held.lowerBound + count]
    held = held.lowerBound + count..<held.upperBound
    return UnsafeRawBufferPointer(rebasing: bytes)
  }

  /// Reads until the buffer is full, or there is nothing more now.
  /// - Returns: how many bytes were read.
  mutating func fill() throws -> Int {
    makeRoom()
    if held.count == buffer.byteCount { try grow() }
    var total = 0
    while held.upperBound < buffer.byteCount {
      let free = UnsafeMutableRawBufferPointer(
        rebasing: buffer.mutableBytes[held.upperBound..<buffer.byteCount])
      let count = try input.read(into: free)
      guard count > 0 else { break }
      held = held.lowerBound..<held.upperBound + count
      total += count
    }
    return total
  }

  /// Moves what is held to the beginning.
  private mutating func makeRoom() {
    guard held.lowerBound > 0 else { return }
    buffer.mutableBytes.copyMemory(from: heldBytes)
    held = 0..<held.count
  }

  private mutating func grow() throws {
    guard buffer.byteCount < Self.rowByteCountMax else {
      throw StorageError.limitExceeded(
        what: "row length in bytes of \(path)", value: buffer.byteCount,
        limit: Self.rowByteCountMax, remedy: "look for a quote that is never closed")
    }
    let larger = AlignedBuffer(byteCount: buffer.byteCount * 2)
    larger.mutableBytes.copyMemory(from: heldBytes)
    buffer = larger
  }
}
