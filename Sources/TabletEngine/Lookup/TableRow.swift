import SegmentFormat
import StorageBase

/// One row of a table, read where it lies. It holds what its bytes lie in, so it can be kept, and
/// keeps the file of its segment for as long. Immutable.
///
/// A *column* is a position in the schema of the snapshot it was asked of; one outside is a
/// programming error.
public struct TableRow {
  private let view: RowView
  /// Holds the file, and the layout of the row.
  private let rows: SegmentRows
  /// What else the bytes lie in.
  private let memory: AnyObject?
  /// Whether the fields of the row are the columns.
  private let isPlain: Bool
  /// What the row has instead of its fields, by column; nil for nothing.
  private var changes: [Int: Value]?

  init(_ view: RowView, rows: SegmentRows, memory: AnyObject?, isPlain: Bool) {
    self.view = view
    self.rows = rows
    self.memory = memory
    self.isPlain = isPlain
  }

  /// The row with other values in some columns.
  func changed(by changes: [Int: Value]) -> TableRow {
    var row = self
    row.changes = changes.isEmpty ? nil : changes
    return row
  }

  /// All columns. Linear in them.
  public var values: [Value] {
    withExtendedLifetime(self) {
      isPlain && changes == nil ? view.values : (0..<rows.columnCount).map(value)
    }
  }

  /// One column as a value.
  public func value(_ column: Int) -> Value {
    read(column, field: { view.value($0) }, constant: { $0 })
  }

  public func isNull(_ column: Int) -> Bool {
    read(column, field: { view.isNull($0) }, constant: { $0.isNull })
  }

  /// The value of an integer column of at most 64 bits, a date or a datetime; 0 for null.
  public func integer(_ column: Int) -> Int64 {
    read(
      column, field: { view.integer($0) },
      constant: { if case .integer(let integer) = $0 { Int64(integer) } else { 0 } })
  }

  /// The value of a column of type float or double; 0 for null.
  public func floating(_ column: Int) -> Double {
    read(
      column, field: { view.floating($0) },
      constant: { if case .floating(let number) = $0 { number } else { 0 } })
  }

  /// Lends the bytes of a string; none for null.
  public func withText<R>(
    _ column: Int, _ body: (UnsafeRawBufferPointer) throws -> R
  ) rethrows -> R {
    try read(
      column, field: { try body(view.text($0)) },
      constant: { value in
        guard case .string(var text) = value else { return try body(.init(start: nil, count: 0)) }
        return try text.withUTF8 { try body(UnsafeRawBufferPointer($0)) }
      })
  }

  @inline(__always)
  private func read<R>(
    _ column: Int, field: (Int) throws -> R, constant: (Value) throws -> R
  ) rethrows -> R {
    try withExtendedLifetime(self) {
      if let value = changes?[column] { return try constant(value) }
      if isPlain { return try field(column) }
      switch rows.sources[column] {
      case .field(let position), .narrower(let position): return try field(position)
      case .constant(let value): return try constant(value)
      case nil: preconditionFailure("a row store that lacks a column of the row")
      }
    }
  }
}
