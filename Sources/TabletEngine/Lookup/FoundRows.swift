import ScanKernels
import SegmentFormat
import StorageBase
import Synchronization

/// Rows of a table that have been found, to be read column by column: those of a row store whole,
/// the first time, others a page of a column at a time. Thread-safe.
public final class FoundRows: Sendable {
  typealias Stretch = (segment: RowsetSegment, rows: ArraySlice<UInt32>)

  private struct Part: Sendable {
    let segment: SegmentRows
    let cache: RowPageCache
    /// Ascending.
    let rows: [UInt32]
  }

  public let count: Int
  private let definition: TableDefinition
  private let parts: [Part]
  /// By part, its rows from the row store, once a column has been asked for.
  private let batches: Mutex<[RowBatchHolder?]>

  /// A batch that is not changed any more.
  private struct RowBatchHolder: @unchecked Sendable {
    let batch: RowBatch
  }

  /// - Parameter stretches: rows of segments, ascending.
  init(_ stretches: [Stretch], _ definition: TableDefinition) throws {
    self.definition = definition
    parts = try stretches.map { segment, rows in
      Part(
        segment: try SegmentRows.of(segment, definition), cache: segment.rowCache,
        rows: Array(rows))
    }
    count = parts.reduce(0) { $0 + $1.rows.count }
    batches = Mutex([RowBatchHolder?](repeating: nil, count: parts.count))
  }

  /// A column of all rows, of its type in the table.
  /// - Parameters:
  ///   - column: a position in the schema of the table.
  ///   - work: counts the pages and bytes that are read for it.
  /// - Throws: `StorageError.corrupt` for bad pages and rows, and what the files throw.
  public func column(_ column: Int, work: inout PageWork) throws -> ColumnVector {
    let builder = ColumnBuilder(type: definition.schema.columns[column].type, capacity: count)
    for (number, part) in parts.enumerated() {
      if !part.segment.sources.isEmpty, part.segment.sources[column] != nil {
        let batch = try batch(of: number, &work)
        guard let vector = part.segment.column(column, of: batch) else { continue }
        builder.append(vector, rows: 0..<vector.count)
        continue
      }
      for page in RowPlaces.pages(of: part.rows[...], in: part.segment.reader) {
        let vector = try page.read(definition.schema.columns[column], work: &work)
        builder.append(vector.widened(), rows: 0..<vector.count)
      }
    }
    return builder.finish()
  }

  private func batch(of number: Int, _ work: inout PageWork) throws -> RowBatch {
    if let known = batches.withLock({ $0[number] }) { return known.batch }
    guard let store = parts[number].segment.store else {
      preconditionFailure("a segment without a row store")
    }
    let batch = RowBatch(layout: store.layout)
    try store.read(rows: parts[number].rows, into: batch, cache: parts[number].cache)
    work.bytesStored += batch.byteCount
    work.bytesDecoded += batch.byteCount
    let holder = RowBatchHolder(batch: batch)
    batches.withLock { $0[number] = holder }
    return batch
  }
}
