import ScanKernels
import StorageBase

/// Writes the primary keys of a segment, given in the order of its rows. Pages go to the file as
/// they fill; kept are the root and, for the filter, 8 bytes a key. Not thread-safe.
public final class PrimaryKeyWriter {
  private let sink: any SegmentSink
  private let hasSequences: Bool
  private let page: PrimaryKeyPageBuilder
  private let output = ByteBuffer()
  private var hashes: [UInt64] = []
  private var root = PrimaryKeyRoot.Builder()
  private var pagesByteCount = 0
  private(set) var rowCount = 0

  private static let falsePositiveRate = 0.01

  init(hasSequences: Bool, pageByteCountTarget: Int, sink: any SegmentSink) {
    self.hasSequences = hasSequences
    self.sink = sink
    page = PrimaryKeyPageBuilder(
      hasSequences: hasSequences, byteCountTarget: pageByteCountTarget)
  }

  /// Appends the keys of the next rows, as `SortKeyBytes.encode` makes them.
  /// - Parameter sequences: a `UInt64` for each, of `SequenceCodes`; nil if and only if the index
  ///   has none.
  /// - Precondition: every key is above the one before.
  /// - Throws: what the sink throws.
  public func append(_ keys: StringTable, sequences: AlignedBuffer? = nil) throws {
    precondition((sequences != nil) == hasSequences, "sequences come with all keys or with none")
    let values = sequences?.values(as: UInt64.self)
    hashes.reserveCapacity(hashes.count + keys.count)
    for index in 0..<keys.count {
      try append(keys[index], sequence: values?[index] ?? 0)
    }
  }

  private func append(_ key: UnsafeRawBufferPointer, sequence: UInt64) throws {
    guard let start = key.baseAddress else { preconditionFailure("an empty key") }
    var shared = 0
    if page.rowCount == 0 {
      root.beginPage(separator: key)
    } else {
      let last = page.last
      let common = min(last.count, key.count)
      if let lastStart = last.baseAddress {
        shared = PrimaryKeyLayout.sharedByteCount(lastStart, start, atMost: common)
      }
      precondition(
        shared < key.count && (shared == last.count || last[shared] < key[shared]),
        "key \(rowCount) is not above the one before")
      if page.isFull {
        try finishPage()
        root.beginPage(separator: UnsafeRawBufferPointer(rebasing: key[...shared]))
        shared = 0
      }
    }
    hashes.append(FilterHash.hash(key))
    page.append(key, sharedByteCount: shared, sequence: sequence)
    rowCount += 1
  }

  private func finishPage() throws {
    root.greatestKey = Array(page.last)
    let rowCount = page.rowCount
    page.finish(to: output)
    root.finishPage(rowCount: rowCount, byteCount: output.count)
    pagesByteCount += output.count
    try flush()
  }

  private func flush() throws {
    try sink.append(output.bytes)
    output.removeAll()
  }

  /// Ends the index and returns the byte counts of its parts.
  /// - Precondition: there is a key.
  func finish() throws -> (pages: Int, filter: Int, root: Int) {
    precondition(rowCount > 0, "no keys were given")
    try finishPage()
    var filterByteCount = 0
    if root.pageCount > 1 {
      let filter = SplitBlockFilter(hashes, falsePositiveRate: Self.falsePositiveRate)
      output.append(filter.bytes)
      output.seal()
      filterByteCount = output.count
      try flush()
    }
    let root = root.encoded(hasSequences: hasSequences)
    try root.withUnsafeBytes { try sink.append($0) }
    return (pagesByteCount, filterByteCount, root.count)
  }
}
