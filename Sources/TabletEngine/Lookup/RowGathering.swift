import ScanKernels
import SegmentFormat
import StorageBase

/// Reads rows that lie anywhere, segment after segment: whole rows where a row store has all the
/// columns, else column after column, each page once.
///
/// Row stores of tables are not compressed and mostly mapped, so that a row is read where it lies
/// and nothing is kept of it; without a mapping a page is read for each call.
struct RowGathering {
  /// Of the table.
  let columns: [Column]

  /// The rows of the keys that have one, in the order of the keys.
  func columns(at locations: KeyLocations) throws -> [ColumnVector] {
    let places = RowPlaces(locations)
    let builders = columns.map { ColumnBuilder(type: $0.type, capacity: places.count) }
    for stretch in places.stretches { try append(stretch, to: builders) }
    guard !places.isInOrder else { return builders.map { $0.finish() } }
    let positions = places.positions
    return builders.map { $0.finish().gather(positions) }
  }

  private func append(_ stretch: RowPlaces.Stretch, to builders: [ColumnBuilder]) throws {
    let reader = try stretch.segment.reader()
    if let store = try reader.rowStore(), let sources = try sources(in: store, of: reader) {
      return try append(stretch, from: store, sources, to: builders)
    }
    var work = PageWork()
    for page in try RowPlaces.pages(of: stretch) {
      for (column, builder) in zip(columns, builders) {
        let vector = try page.read(column, work: &work)
        builder.append(vector.widened(), rows: 0..<vector.count)
      }
    }
  }

  /// How a row store serves a column.
  private enum Source {
    case field(Int)
    /// Holds the column as a narrower type.
    case narrower(Int)
    case constant(Value)
  }

  /// Nil when the store lacks a column of the segment.
  private func sources(
    in store: RowStoreReader, of reader: SegmentReader
  ) throws -> [Source]? {
    var sources: [Source] = []
    for column in columns {
      switch try reader.requireFit(of: column) {
      case .stored(let position):
        guard let field = store.positions.firstIndex(of: position) else { return nil }
        sources.append(.field(field))
      case .widened(let position):
        guard let field = store.positions.firstIndex(of: position) else { return nil }
        sources.append(.narrower(field))
      case .constant(let value): sources.append(.constant(value))
      }
    }
    return sources
  }

  private func append(
    _ stretch: RowPlaces.Stretch, from store: RowStoreReader, _ sources: [Source],
    to builders: [ColumnBuilder]
  ) throws {
    let rows = Array(stretch.rows)
    let batch = RowBatch(layout: store.layout)
    try store.read(rows: rows, into: batch)
    for ((column, source), builder) in zip(zip(columns, sources), builders) {
      var vector: ColumnVector =
        switch source {
        case .field(let field): batch.column(field)
        case .narrower(let field): batch.column(field).converted(to: column.type)
        case .constant(let value): .constant(value, type: column.type, count: rows.count)
        }
      if let patched = stretch.patched {
        vector = try patched.apply(to: vector, of: column, rows: rows)
      }
      builder.append(vector, rows: 0..<rows.count)
    }
  }
}
