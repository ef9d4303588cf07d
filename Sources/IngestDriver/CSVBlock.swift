import ScanKernels
import StorageBase

/// Reads rows some hundreds at a time: first the ends of all fields, then one column after another.
/// Not thread-safe; its memory is reused.
///
/// A block is appended only when all of it is well formed and of the plain form: every row has its
/// fields, and quotes stand around whole fields only. So a block never decides what an error is.
/// Linear in the bytes, nothing allocated per block.
final class CSVBlock {
  enum Outcome {
    /// So many rows were appended to every column.
    case rows(count: Int, byteCount: Int, lineCount: Int)
    /// Nothing was; the rows of so many bytes are to be read one by one.
    case unread(byteCount: Int)
  }

  /// Ends of fields looked for at a time: what they end stays in the first-level cache.
  private static let endCount = 4096
  private static let byteCountMax = 64 << 10
  /// What the kernel may find more than is asked for.
  private static let kernelStep = 64
  /// Bytes after the last row that parsers may load.
  private static let padding = max(ColumnBuilder.copySlack, 32)

  private let columns: [FieldColumn]
  private let columnOfField: [Int]
  private let dialect: CSVDialect
  private let nullToken: [UInt8]
  private let kernels = KernelTable.current.fields
  /// Ends of fields of every row; a delimiter at the end of the row counts for one.
  private let stride: Int
  private let rowCountMax: Int
  /// The byte before the block, as the end of a field, and then the ends.
  private let ends: AlignedBuffer
  private let fields: BlockFields

  init(_ layout: CSVLayout, nullToken: [UInt8]) {
    columns = layout.columns
    columnOfField = layout.columnOfField
    dialect = layout.dialect
    self.nullToken = nullToken
    stride = columnOfField.count + (dialect.hasTrailingDelimiter ? 1 : 0)
    rowCountMax = stride == 0 ? 0 : max(1, Self.endCount / stride)
    ends = AlignedBuffer(byteCount: (1 + rowCountMax * stride + Self.kernelStep) * 4)
    fields = BlockFields(capacity: rowCountMax)
  }

  /// Appends up to `maxRows` of the rows that `bytes` begins with to `builders`, one for each
  /// column.
  func read(
    _ bytes: UnsafeRawBufferPointer, maxRows: Int, into builders: [ColumnBuilder]
  ) -> Outcome {
    let usable = min(bytes.count - Self.padding, Self.byteCountMax)
    guard usable > 0, rowCountMax > 0,
      let text = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
    else { return .unread(byteCount: bytes.count) }
    let ends = self.ends.mutableValues(as: UInt32.self)
    let wanted = min(maxRows, rowCountMax)
    ends[0] = .max
    let found = kernels.field_ends(
      text, usable, dialect.delimiter, dialect.quote.map(Int32.init) ?? -1,
      ends.baseAddress! + 1, wanted * stride + Self.kernelStep)
    let rowCount = min(wanted, found.end_count / stride)
    guard rowCount > 0 else { return .unread(byteCount: 1) }
    let byteCount = Int(ends[rowCount * stride]) + 1
    let used = UnsafeRawBufferPointer(start: text, count: byteCount)
    let lineCount = kernels.count_byte(text, byteCount, CSVDialect.lineFeed)
    guard isRegular(used, rowCount: rowCount, lineCount: lineCount, hasQuote: found.has_quote != 0)
    else { return .unread(byteCount: byteCount) }
    fields.text = UnsafeRawPointer(text)
    fields.count = rowCount
    fields.isValidText = found.has_high == 0 || ValueText.isUTF8(used)
    guard append(used, hasQuote: found.has_quote != 0, to: builders) else {
      return .unread(byteCount: byteCount)
    }
    return .rows(count: rowCount, byteCount: byteCount, lineCount: lineCount)
  }

  /// Whether line feeds are where rows end and nowhere else.
  private func isRegular(
    _ used: UnsafeRawBufferPointer, rowCount: Int, lineCount: Int, hasQuote: Bool
  ) -> Bool {
    let ends = self.ends.values(as: UInt32.self).baseAddress! + 1
    var end = stride &- 1
    for _ in 0..<rowCount {
      guard used[Int(ends[end])] == CSVDialect.lineFeed else { return false }
      end &+= stride
    }
    if !hasQuote { return lineCount == rowCount }
    // Line feeds inside quotes are no ends, so those among the ends are counted.
    var endedCount = 0
    for index in 0..<rowCount &* stride {
      endedCount &+= used[Int(ends[index])] == CSVDialect.lineFeed ? 1 : 0
    }
    return endedCount == rowCount
  }

  private func append(
    _ used: UnsafeRawBufferPointer, hasQuote: Bool, to builders: [ColumnBuilder]
  ) -> Bool {
    let ends = self.ends.values(as: UInt32.self).baseAddress!
    let startCount = builders.first?.count ?? 0
    var quoteCount = 0
    var isPlain = true
    for index in 0..<stride {
      let column = index < columnOfField.count ? columnOfField[index] : -1
      let isLast = index == stride &- 1
      // Fields that nobody wants matter only for their quotes, and for what must be empty.
      guard column >= 0 || hasQuote || (isLast && dialect.hasTrailingDelimiter) else { continue }
      fields.locate(ends + index, stride: stride, isLastOfRow: isLast)
      if hasQuote {
        guard let count = fields.removeQuotes(dialect.quote) else {
          isPlain = false
          break
        }
        quoteCount += count
      }
      if index >= columnOfField.count {
        isPlain = fields.areEmpty
      } else if column >= 0 {
        fields.findNulls(columns[column].isNullable ? nullToken : nil, hasQuote: hasQuote)
        isPlain = columns[column].append(fields, to: builders[column])
      }
      guard isPlain else { break }
    }
    // A quote that is neither the first nor the last byte of its field is doubled or stray.
    if isPlain, hasQuote, let quote = dialect.quote {
      isPlain =
        quoteCount == kernels.count_byte(used.baseAddress, used.count, quote)
    }
    if !isPlain {
      for builder in builders where builder.count > startCount { builder.truncate(to: startCount) }
    }
    return isPlain
  }
}
