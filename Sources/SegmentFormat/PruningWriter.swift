import ScanKernels
import StorageBase

/// Gathers the structures for pruning while a segment is written. Not thread-safe.
final class PruningWriter {
  private let schema: Schema
  private let options: SegmentOptions
  private var building: [FilterBuilder] = []
  private var filters: [(column: Int, filter: ColumnFilter, blocks: SplitBlockFilter)] = []
  /// For each page the key of its first row, as far as its columns have been written.
  private var keys: [[UInt8]] = []

  init(schema: Schema, options: SegmentOptions) {
    self.schema = schema
    self.options = options
  }

  func add(_ page: PageInput, column: Int, page pageIndex: Int) {
    if pageIndex == 0 && !options.filters.isEmpty {
      let id = schema.columns[column].id
      building = options.filters.filter { $0.column == id }.map { FilterBuilder($0) }
    }
    for builder in building { builder.add(page) }
    guard options.hasShortKeyIndex, column < schema.sortKeyCount else { return }
    if column == 0 { keys.append([]) }
    if keys[pageIndex].count < ShortKeyIndex.keyByteCountMax {
      SortKeyBytes.append(page.firstValue, of: schema.columns[column], to: &keys[pageIndex])
    }
  }

  func finishColumn(_ column: Int) {
    for builder in building { filters.append((column, builder.filter, builder.finish())) }
    building = []
  }

  /// Appends the blocks behind the columns and returns what the footer says of them.
  /// - Parameter origin: the offset in the file of the end of `out`.
  func appendBlocks(to out: ByteBuffer, origin: Int) -> [SegmentFooter.Extension] {
    var extensions: [SegmentFooter.Extension] = []
    let shift = origin - out.count
    func append(_ kind: SegmentExtensions.Kind, _ head: [UInt8], _ block: [UInt8]) {
      var entry = ByteWriter()
      entry.append(contentsOf: head)
      entry.appendVarint(UInt64(shift + out.count))
      entry.appendVarint(UInt64(block.count))
      block.withUnsafeBytes { out.append($0) }
      extensions.append(SegmentFooter.Extension(kind: kind.rawValue, bytes: entry.bytes))
    }
    for (column, filter, blocks) in filters {
      var head = ByteWriter()
      head.appendVarint(UInt64(column))
      var block = ByteWriter()
      block.append(contentsOf: blocks.bytes)
      block.appendChecksum()
      switch filter.content {
      case .values: append(.valueFilter, head.bytes, block.bytes)
      case .ngrams(let size): append(.gramFilter, head.bytes + [UInt8(size)], block.bytes)
      }
    }
    if keys.count > 1 { append(.shortKeys, [], ShortKeyIndex(keys: keys).encoded()) }
    return extensions
  }
}

extension PageInput {
  /// The value of the first row.
  var firstValue: Value {
    if isNull(0) { return .null }
    switch body {
    case .strings(let offsets, let bytes):
      let text = UnsafeRawBufferPointer(
        start: bytes + Int(offsets[0]), count: Int(offsets[1] - offsets[0]))
      return .string(String(decoding: text, as: UTF8.self))
    case .coded(let codes, let dictionary): return .string(dictionary.string(at: Int(codes[0])))
    case .fixed(let values):
      switch type.physical {
      case .int8: return .integer(Int128(values.load(as: Int8.self)))
      case .int16: return .integer(Int128(values.load(as: Int16.self)))
      case .int32: return .integer(Int128(values.load(as: Int32.self)))
      case .int64: return .integer(Int128(values.load(as: Int64.self)))
      case .int128: return .integer(values.load(as: Int128.self))
      case .float32: return .floating(Double(values.load(as: Float.self)))
      case .float64: return .floating(values.load(as: Double.self))
      case .bytes: preconditionFailure("a string column with fixed-width values")
      }
    }
  }
}
