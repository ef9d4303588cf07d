import ScanKernels
import StorageBase

/// Encodes the strings of a column by symbols where that pays. A table is trained on a sample of
/// one page and serves the pages after it until it no longer fits; then, and now and then anyway,
/// what else could be done is tried again. Its memory is taken when it is first needed, and reused.
/// Not thread-safe.
final class SymbolEncoder {
  /// Shorter pages are not worth training for.
  static let textByteCountMin = 64 << 10
  private static let sampleByteCountMax = 64 << 10
  /// Pages after which the choice is made again.
  private static let pagesPerTrial = 32

  private lazy var matcher = SymbolMatcher()
  private lazy var trainer = SymbolTrainer()
  private let sample = ByteBuffer()
  private let codes = ByteBuffer()
  private var pagesUntilTrial = 0
  /// Of the page the table was trained on.
  private var codesPerThousand = 0
  /// Whether the last trial was won.
  private(set) var isPreferred = false

  /// Forgets what was learnt of other strings.
  func beginColumn() { pagesUntilTrial = 0 }

  var needsTrial: Bool { pagesUntilTrial == 0 }

  /// Bytes of the table and the codes of the text encoded last.
  var byteCount: Int { matcher.table.byteCount + 5 + codes.count }

  /// Learns symbols from some of the strings and encodes the text of all.
  func train(
    offsets: UnsafePointer<UInt32>, bytes: UnsafeRawPointer, rowCount: Int
  ) {
    takeSample(offsets, bytes, rowCount)
    trainer.train(matcher, on: sample.bytes)
    let text = UnsafeRawBufferPointer(
      start: bytes + Int(offsets[0]), count: Int(offsets[rowCount] - offsets[0]))
    encode(text)
    codesPerThousand = codes.count * 1000 / max(1, text.count)
  }

  /// Ends a trial.
  func settle(isPreferred: Bool) {
    self.isPreferred = isPreferred
    pagesUntilTrial = Self.pagesPerTrial
  }

  /// Counts a page between trials; with symbols, encodes its text.
  func continueColumn(_ text: UnsafeRawBufferPointer) {
    pagesUntilTrial -= 1
    guard isPreferred else { return }
    encode(text)
    // A tenth more than at first: other strings have come.
    if codes.count * 1000 > text.count * codesPerThousand * 11 / 10 { pagesUntilTrial = 0 }
  }

  private func encode(_ text: UnsafeRawBufferPointer) {
    codes.removeAll()
    matcher.encode(text, to: codes)
  }

  /// Appends the table and the codes of the text encoded last.
  func append(to out: ByteBuffer) {
    matcher.table.append(to: out)
    out.appendVarint(codes.count)
    out.append(codes.bytes)
  }

  /// Whole strings from all over the page.
  private func takeSample(
    _ offsets: UnsafePointer<UInt32>, _ bytes: UnsafeRawPointer, _ rowCount: Int
  ) {
    sample.removeAll()
    let total = Int(offsets[rowCount] - offsets[0])
    let wanted = min(Self.sampleByteCountMax, total / 2)
    let step = max(1, total / max(1, wanted))
    for row in stride(from: 0, to: rowCount, by: step) where sample.count < wanted {
      let length = min(Int(offsets[row + 1] - offsets[row]), wanted - sample.count)
      sample.append(UnsafeRawBufferPointer(start: bytes + Int(offsets[row]), count: length))
    }
  }
}
