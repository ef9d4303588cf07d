import ScanKernels

/// One field of every row of a block: where its text lies, and whether it is null. Not thread-safe;
/// its memory is reused for all fields.
final class BlockFields {
  /// The block; 32 bytes after every field may be read.
  var text = UnsafeRawPointer(bitPattern: 64)!
  /// Rows of the block.
  var count = 0
  /// Whether the text is known to be UTF-8 between any two ASCII characters.
  var isValidText = false
  var nullCount = 0
  private let startBuffer: AlignedBuffer
  private let lengthBuffer: AlignedBuffer
  private let nullBuffer: AlignedBuffer
  private let quotedBuffer: AlignedBuffer

  init(capacity: Int) {
    startBuffer = AlignedBuffer(byteCount: capacity * 4)
    lengthBuffer = AlignedBuffer(byteCount: capacity * 4)
    nullBuffer = AlignedBuffer(byteCount: capacity)
    quotedBuffer = AlignedBuffer(byteCount: capacity)
  }

  /// Offsets in `text`.
  var starts: UnsafeMutablePointer<UInt32> {
    startBuffer.mutableValues(as: UInt32.self).baseAddress!
  }
  var lengths: UnsafeMutablePointer<UInt32> {
    lengthBuffer.mutableValues(as: UInt32.self).baseAddress!
  }
  /// 1 for null; set only when `nullCount` is positive.
  var nulls: UnsafeMutablePointer<UInt8> { nullBuffer.mutableValues(as: UInt8.self).baseAddress! }
  private var quoted: UnsafeMutablePointer<UInt8> {
    quotedBuffer.mutableValues(as: UInt8.self).baseAddress!
  }

  var areEmpty: Bool {
    var longest: UInt32 = 0
    for row in 0..<count { longest |= lengths[row] }
    return longest == 0
  }

  /// Takes the fields between `ends[0]` and `ends[1]`, between `ends[stride]` and
  /// `ends[stride + 1]`, …
  func locate(_ ends: UnsafePointer<UInt32>, stride: Int, isLastOfRow: Bool) {
    let (starts, lengths, text) = (starts, lengths, text)
    var index = 0
    for row in 0..<count {
      let start = ends[index] &+ 1
      starts[row] = start
      lengths[row] = ends[index &+ 1] &- start
      index &+= stride
    }
    guard isLastOfRow else { return }
    for row in 0..<count where lengths[row] > 0 {
      let last = text.load(
        fromByteOffset: Int(starts[row]) &+ Int(lengths[row]) &- 1, as: UInt8.self)
      if last == CSVDialect.carriageReturn { lengths[row] &-= 1 }
    }
  }

  /// Takes the quotes off that stand around fields and returns their number; nil when one has no
  /// partner.
  func removeQuotes(_ quote: UInt8?) -> Int? {
    let (starts, lengths, text, quoted) = (starts, lengths, text, quoted)
    var quotedCount = 0
    for row in 0..<count {
      let start = Int(starts[row])
      let length = Int(lengths[row])
      quoted[row] = 0
      guard length > 0, text.load(fromByteOffset: start, as: UInt8.self) == quote else { continue }
      guard length >= 2, text.load(fromByteOffset: start &+ length &- 1, as: UInt8.self) == quote
      else { return nil }
      starts[row] &+= 1
      lengths[row] &-= 2
      quoted[row] = 1
      quotedCount &+= 1
    }
    return quotedCount * 2
  }

  /// Marks the fields that are null: those without quotes that are `token`.
  /// - Parameter token: nil when the column holds no null.
  func findNulls(_ token: [UInt8]?, hasQuote: Bool) {
    nullCount = 0
    guard let token else { return }
    let (starts, lengths, text, nulls, quoted) = (starts, lengths, text, nulls, quoted)
    token.withUnsafeBytes { token in
      let length = UInt32(token.count)
      for row in 0..<count {
        let isNull =
          lengths[row] == length && !(hasQuote && quoted[row] != 0)
          && (length == 0
            || UnsafeRawBufferPointer(start: text + Int(starts[row]), count: token.count)
              .elementsEqual(token))
        nulls[row] = isNull ? 1 : 0
        nullCount &+= isNull ? 1 : 0
      }
    }
  }

  /// The text of a row's field.
  @inline(__always) func bytes(_ row: Int) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: text + Int(starts[row]), count: Int(lengths[row]))
  }
}
