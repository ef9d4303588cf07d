import ScanKernels
import StorageBase

/// Gathers what goes into the filter of one column while its pages are written. Not thread-safe.
final class FilterBuilder {
  let filter: ColumnFilter
  private var hashes = DistinctHashes()

  init(_ filter: ColumnFilter) { self.filter = filter }

  func finish() -> SplitBlockFilter {
    SplitBlockFilter(hashes, falsePositiveRate: filter.falsePositiveRate)
  }

  func add(_ page: PageInput) {
    switch page.body {
    case .strings(let offsets, let bytes): addStrings(page, offsets, bytes)
    case .coded(let codes, let dictionary): addCoded(page, codes, dictionary)
    case .fixed(let values):
      switch page.type.physical {
      case .float32:
        addFixed(page, values, as: Float.self) { FilterHash.canonical($0).bitPattern }
      case .float64:
        addFixed(page, values, as: Double.self) { FilterHash.canonical($0).bitPattern }
      case .int8: addFixed(page, values, as: Int8.self) { $0 }
      case .int16: addFixed(page, values, as: Int16.self) { $0 }
      case .int32: addFixed(page, values, as: Int32.self) { $0 }
      case .int64: addFixed(page, values, as: Int64.self) { $0 }
      case .int128: addFixed(page, values, as: Int128.self) { $0 }
      case .bytes: preconditionFailure("a string column with fixed-width values")
      }
    }
  }

  @inline(__always)
  private func addFixed<T: BitwiseCopyable & Equatable, B: FixedWidthInteger>(
    _ page: PageInput, _ raw: UnsafeRawPointer, as type: T.Type, bits: (T) -> B
  ) {
    let values = raw.assumingMemoryBound(to: T.self)
    for row in 0..<page.rowCount where !page.isNull(row) {
      // Runs are common in sorted columns, and hashing is dearer than comparing.
      if row > 0, values[row] == values[row - 1], !page.isNull(row - 1) { continue }
      let word = bits(values[row]).littleEndian
      hashes.insert(withUnsafeBytes(of: word) { FilterHash.hash($0) })
    }
  }

  private func addStrings(
    _ page: PageInput, _ offsets: UnsafePointer<UInt32>, _ bytes: UnsafeRawPointer
  ) {
    for row in 0..<page.rowCount where !page.isNull(row) {
      add(
        UnsafeRawBufferPointer(
          start: bytes + Int(offsets[row]), count: Int(offsets[row + 1] - offsets[row])))
    }
  }

  /// Each string that a row has, once.
  private func addCoded(
    _ page: PageInput, _ codes: UnsafePointer<UInt32>, _ dictionary: StringTable
  ) {
    var isAdded = [Bool](repeating: false, count: dictionary.count)
    for row in 0..<page.rowCount where !page.isNull(row) {
      let code = Int(codes[row])
      if isAdded[code] { continue }
      isAdded[code] = true
      add(dictionary[code])
    }
  }

  private func add(_ text: UnsafeRawBufferPointer) {
    switch filter.content {
    case .values: hashes.insert(FilterHash.hash(text))
    case .ngrams(let size): forEachGram(of: text, size: size) { hashes.insert($0) }
    }
  }
}

/// The hashes of all runs of `size` bytes of a text, in order.
func forEachGram(of text: UnsafeRawBufferPointer, size: Int, _ body: (UInt64) -> Void) {
  guard text.count >= size else { return }
  for start in 0...(text.count - size) {
    body(FilterHash.hash(UnsafeRawBufferPointer(rebasing: text[start..<start + size])))
  }
}
