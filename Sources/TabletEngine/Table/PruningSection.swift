import InvertedIndex
import SegmentFormat
import StorageBase

/// The part of a table definition that says which filters and indexes its segments get (see
/// FORMAT.md).
struct PruningSection {
  var filters: [ColumnFilter] = []
  var hasShortKeyIndex = true
  var indexes: [ColumnIndex] = []

  /// Persistent: never change or reuse one.
  private enum FilterTag: UInt8 {
    case values = 1
    case ngrams = 2
  }

  private static let noShortKeys: UInt8 = 1
  private static let lowerCase: UInt8 = 1
  private static let supportPhrase: UInt8 = 2

  init() {}

  init(_ definition: TableDefinition) {
    filters = definition.segmentOptions.filters
    hasShortKeyIndex = definition.segmentOptions.hasShortKeyIndex
    indexes = definition.indexes
  }

  func encode(into writer: inout ByteWriter) {
    writer.append(hasShortKeyIndex ? 0 : Self.noShortKeys)
    writer.appendVarint(UInt64(filters.count))
    for filter in filters {
      writer.append(filter.column.rawValue)
      switch filter.content {
      case .values: writer.append(FilterTag.values.rawValue)
      case .ngrams(let size):
        writer.append(FilterTag.ngrams.rawValue)
        writer.append(UInt8(size))
      }
      writer.append(filter.falsePositiveRate.bitPattern)
    }
    writer.appendVarint(UInt64(indexes.count))
    for index in indexes {
      writer.append(index.column.rawValue)
      writer.append(index.options.parser.rawValue)
      writer.append(
        (index.options.lowerCase ? Self.lowerCase : 0)
          | (index.options.supportPhrase ? Self.supportPhrase : 0))
      writer.appendVarint(UInt64(index.options.ignoreAbove))
    }
  }

  /// - Throws: `StorageError.corrupt` for what no writer writes, such as a filter of an unknown
  ///   column.
  init(decoding reader: inout ByteReader, _ schema: Schema) throws {
    let flags = try reader.read(UInt8.self, "pruning flags")
    guard flags & ~Self.noShortKeys == 0 else {
      throw reader.corrupt("pruning flags", expected: "known bits", found: "\(flags)")
    }
    hasShortKeyIndex = flags & Self.noShortKeys == 0
    let filterCount = try reader.readCount("filter count", atMost: 2 * schema.columns.count)
    for _ in 0..<filterCount { filters.append(try Self.readFilter(&reader)) }
    let indexCount = try reader.readCount("index count", atMost: schema.columns.count)
    for _ in 0..<indexCount { indexes.append(try Self.readIndex(&reader)) }
    do {
      try SegmentOptions(filters: filters).validate(for: schema)
      indexes = try ColumnIndex.checked(indexes, for: schema)
    } catch {
      throw reader.corrupt("filters and indexes", expected: "valid ones", found: "\(error)")
    }
  }

  private static func readFilter(_ reader: inout ByteReader) throws -> ColumnFilter {
    let column = ColumnID(rawValue: try reader.read(UInt32.self, "filter column"))
    let tag = try reader.read(UInt8.self, "filter kind")
    let content: ColumnFilter.Content
    switch FilterTag(rawValue: tag) {
    case .values: content = .values
    case .ngrams: content = .ngrams(size: Int(try reader.read(UInt8.self, "n-gram size")))
    case nil: throw reader.corrupt("filter kind", expected: "1 or 2", found: "\(tag)")
    }
    let rate = Double(bitPattern: try reader.read(UInt64.self, "false-positive rate"))
    return ColumnFilter(column: column, content: content, falsePositiveRate: rate)
  }

  private static func readIndex(_ reader: inout ByteReader) throws -> ColumnIndex {
    let column = ColumnID(rawValue: try reader.read(UInt32.self, "indexed column"))
    let tag = try reader.read(UInt8.self, "parser")
    guard let parser = IndexParser(rawValue: tag) else {
      throw reader.corrupt("parser", expected: "a known one", found: "\(tag)")
    }
    let flags = try reader.read(UInt8.self, "index flags")
    guard flags & ~(lowerCase | supportPhrase) == 0 else {
      throw reader.corrupt("index flags", expected: "known bits", found: "\(flags)")
    }
    let ignoreAbove = try reader.readCount(
      "ignore_above", atMost: IndexOptions.ignoreAboveRange.upperBound)
    return ColumnIndex(
      column: column,
      options: IndexOptions(
        parser: parser, lowerCase: flags & lowerCase != 0,
        supportPhrase: flags & supportPhrase != 0, ignoreAbove: ignoreAbove))
  }
}
