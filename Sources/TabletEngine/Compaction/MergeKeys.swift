import ScanKernels
import StorageBase

/// The keys of one page of an input, prepared for comparing with plain pointers: 64 bits per row
/// and key column that mostly decide by themselves (see `KeyOrder`), and the columns for when they
/// do not. Immutable.
final class MergeKeys {
  let rowCount: Int
  /// Prefixes of all rows of the first key column, then of the second, …
  let prefixes: UnsafePointer<UInt64>
  /// Bit c: equal prefixes of column c mean equal values. Columns beyond 64 have none.
  let exactColumns: UInt64
  private let columns: [ColumnVector]
  private let buffer: AlignedBuffer

  /// - Precondition: at least one column.
  init(_ columns: [ColumnVector]) {
    self.columns = columns
    rowCount = columns[0].count
    buffer = AlignedBuffer(byteCount: rowCount * columns.count * 8)
    let target = buffer.mutableValues(as: UInt64.self)
    var exact: UInt64 = 0
    for (index, column) in columns.enumerated() {
      Self.fill(
        UnsafeMutableBufferPointer(rebasing: target[index * rowCount..<(index + 1) * rowCount]),
        with: column)
      if index < 64, KeyOrder.isPrefixExact(column) { exact |= 1 << UInt64(index) }
    }
    exactColumns = exact
    prefixes = UnsafePointer(target.baseAddress!)
  }

  private static func fill(
    _ target: UnsafeMutableBufferPointer<UInt64>, with column: ColumnVector
  ) {
    guard case .coded(let codes, let dictionary) = column.body,
      dictionary.count < column.count
    else {
      _ = target.update(fromContentsOf: KeyOrder.prefixes(of: column))
      return
    }
    // Once an entry, not once a row.
    let entries = KeyOrder.prefixes(
      of: ColumnVector(type: column.type, count: dictionary.count, body: .strings(dictionary)))
    let codeValues = codes.values(as: UInt32.self)
    for row in target.indices { target[row] = entries[Int(codeValues[row])] }
    column.nulls?.forEachSet { target[$0] = 0 }
  }

  /// Compares the values of one column, for when its prefixes are equal.
  func compareValues(_ column: Int, _ row: Int, _ other: MergeKeys, _ otherRow: Int) -> Int {
    KeyOrder.compare(columns[column], row, other.columns[column], otherRow)
  }
}
