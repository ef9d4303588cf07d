import QueryEngine
import ScanKernels
import StorageBase

/// Rows in memory cut into pages, with the zone maps a segment would have.
struct MemorySource: ScanSource {
  enum Zones {
    case exact
    /// Strings are cut to one byte, and what is cut has no upper bound.
    case truncated
    case missing
  }

  let schema: Schema
  let rows: [[Value]]
  let pages: [Range<Int>]
  let zones: Zones
  private let vectors: [[ColumnVector]]

  init(
    schema: Schema, rows: [[Value]], rowsPerPage: Int, zones: Zones = .exact,
    codedColumns: Set<Int> = []
  ) {
    self.schema = schema
    self.rows = rows
    self.zones = zones
    let pages = stride(from: 0, to: rows.count, by: rowsPerPage).map {
      $0..<min(rows.count, $0 + rowsPerPage)
    }
    self.pages = pages
    vectors = schema.columns.enumerated().map { index, column in
      let values = rows.map { $0[index] }
      guard codedColumns.contains(index), column.type == .string else {
        return pages.map { Self.plain(values[$0], column.type) }
      }
      let texts = values.map { value in
        if case .string(let text) = value { return text }
        return ""
      }
      // Not sorted, and with an entry that no row has, as dictionaries may be.
      let entries = Array(Set(texts)).sorted(by: >) + ["unused"]
      let dictionary = StringTable(entries)
      return pages.map { page in
        let codes = page.map { UInt32(entries.firstIndex(of: texts[$0])!) }
        return ColumnVector(
          type: .string, count: page.count,
          body: .coded(codes: .of(codes), dictionary: dictionary),
          nulls: Self.plain(values[page], .string).nulls)
      }
    }
  }

  private static func plain(_ values: ArraySlice<Value>, _ type: DataType) -> ColumnVector {
    let builder = ColumnBuilder(type: type)
    for value in values { builder.append(value) }
    return builder.finish()
  }

  var rowCount: Int { rows.count }
  var pageCount: Int { pages.count }
  var isAltered: Bool { false }
  func liveRows(in range: Range<Int>) -> Bitmap? { nil }
  func rowRange(ofPage page: Int) -> Range<Int> { pages[page] }

  func bounds(ofColumn column: Int) -> ValueBounds? { bounds(column, rows[...]) }

  func bounds(ofColumn column: Int, page: Int) throws -> ValueBounds? {
    bounds(column, rows[pages[page]])
  }

  private func bounds(_ column: Int, _ rows: ArraySlice<[Value]>) -> ValueBounds? {
    if zones == .missing { return nil }
    let values = rows.map { $0[column] }.filter { !$0.isNull }
    let nullCount = rows.count - values.count
    guard var low = values.first, var high = values.first else {
      return .nulls(rowCount: rows.count)
    }
    for value in values {
      if value.precedes(low) { low = value }
      if high.precedes(value) { high = value }
    }
    if zones == .truncated, case .string(let first) = low, case .string(let last) = high {
      return ValueBounds(
        lower: .string(String(first.prefix(1))), upper: last.count > 1 ? nil : high,
        nullCount: nullCount, rowCount: rows.count, isLowerExact: first.count <= 1,
        isUpperExact: last.count <= 1)
    }
    return ValueBounds(
      lower: low, upper: high, nullCount: nullCount, rowCount: rows.count, isLowerExact: true,
      isUpperExact: true)
  }

  func readPage(column: Int, page: Int, work: inout ScanWork) throws -> ColumnVector {
    work.columnPagesRead += 1
    return vectors[column][page]
  }
}
