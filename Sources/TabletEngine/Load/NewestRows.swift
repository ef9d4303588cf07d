import ScanKernels
import SegmentFormat
import StorageBase

/// Chooses among the rows of a batch that have one key: the one with the greatest sequence value,
/// of equal ones and without a sequence column the last.
struct NewestRows {
  /// `SequenceCodes` by row; nil without a sequence column.
  private let sequences: AlignedBuffer?

  init(_ batch: ColumnBatch, _ definition: TableDefinition) {
    let column = definition.uniqueKeys?.sequenceColumn.flatMap { batch.schema.index(of: $0) }
    sequences = column.map { SequenceCodes.codes(of: batch.columns[$0]) }
  }

  /// Takes all other rows away. O(rows).
  /// - Parameter rows: in key order, those of equal keys in the order they came.
  func keep(in rows: inout [UInt32], _ sorter: RowSorter) {
    guard rows.count > 1 else { return }
    let keys = sorter.keys
    let codes = sequences?.values(as: UInt64.self)
    var count = 0
    for index in 1..<rows.count {
      let (kept, row) = (rows[count], rows[index])
      if keys.compare(Int(kept), keys, Int(row)) != 0 {
        count += 1
        rows[count] = row
      } else if codes.map({ $0[Int(row)] >= $0[Int(kept)] }) ?? true {
        rows[count] = row
      }
    }
    rows.removeLast(rows.count - count - 1)
  }
}
