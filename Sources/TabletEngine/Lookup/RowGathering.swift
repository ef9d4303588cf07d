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
    let places = Self.places(locations)
    let builders = columns.map { ColumnBuilder(type: $0.type, capacity: places.order.count) }
    var next = 0
    while next < places.order.count {
      let segment = places.segments[next]
      let start = next
      while next < places.order.count, places.segments[next] == segment { next += 1 }
      try append(places.rows[start..<next], of: locations.segments[Int(segment)], to: builders)
    }
    guard !places.isInOrder else { return builders.map { $0.finish() } }
    var positions = [UInt32](repeating: 0, count: places.order.count)
    for (position, key) in places.order.enumerated() { positions[Int(key)] = UInt32(position) }
    return builders.map { $0.finish().gather(positions) }
  }

  /// Rows in the order of segments and rows.
  private struct Places {
    var segments: [UInt32] = []
    var rows: [UInt32] = []
    /// Which of the rows, in the order of the keys, each of them is.
    var order: [UInt32] = []
    var isInOrder = true
  }

  private static func places(_ locations: KeyLocations) -> Places {
    var places = Places()
    // Segment and row in one number, so that comparing them is one step.
    var packed: [UInt64] = []
    packed.reserveCapacity(locations.count)
    for key in 0..<locations.count where locations.segmentNumbers[key] != KeyLocations.none {
      let segment = UInt64(locations.segmentNumbers[key])
      packed.append(segment << 32 | UInt64(locations.rows[key]))
    }
    places.order = Array(0..<UInt32(packed.count))
    places.isInOrder = zip(packed, packed.dropFirst()).allSatisfy { $0 <= $1 }
    if !places.isInOrder {
      places.order.sort { packed[Int($0)] < packed[Int($1)] }
    }
    places.segments = places.order.map { UInt32(packed[Int($0)] >> 32) }
    places.rows = places.order.map { UInt32(truncatingIfNeeded: packed[Int($0)]) }
    return places
  }

  /// - Parameter rows: ascending.
  private func append(
    _ rows: ArraySlice<UInt32>, of segment: RowsetSegment, to builders: [ColumnBuilder]
  ) throws {
    let reader = try segment.reader()
    if let store = try reader.rowStore(), let sources = try sources(in: store, of: reader) {
      return try append(Array(rows), of: store, sources, to: builders)
    }
    var work = PageWork()
    var next = rows.startIndex
    while next < rows.endIndex {
      let page = Int(rows[next]) / reader.rowsPerPage
      let range = reader.rowRange(ofPage: page)
      let start = next
      while next < rows.endIndex, range.contains(Int(rows[next])) { next += 1 }
      let own = rows[start..<next].map { $0 - UInt32(range.lowerBound) }
      for (column, builder) in zip(columns, builders) {
        let vector = try reader.readPage(of: column, page: page, rows: own, work: &work)
        builder.append(vector.widened(), rows: 0..<own.count)
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
    _ rows: [UInt32], of store: RowStoreReader, _ sources: [Source],
    to builders: [ColumnBuilder]
  ) throws {
    let batch = RowBatch(layout: store.layout)
    try store.read(rows: rows, into: batch)
    for ((column, source), builder) in zip(zip(columns, sources), builders) {
      let vector: ColumnVector =
        switch source {
        case .field(let field): batch.column(field)
        case .narrower(let field): batch.column(field).converted(to: column.type)
        case .constant(let value): .constant(value, type: column.type, count: rows.count)
        }
      builder.append(vector, rows: 0..<rows.count)
    }
  }
}
