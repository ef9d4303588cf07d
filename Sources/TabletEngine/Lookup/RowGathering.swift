import ScanKernels
import SegmentFormat
import StorageBase

/// Reads rows that lie anywhere, as columns: from row stores, else column after column, each page
/// once.
struct RowGathering {
  let definition: TableDefinition
  /// Positions in the schema of the table.
  let columns: [Int]

  /// The rows of the keys that have one, in the order of the keys.
  func columns(at locations: KeyLocations) throws -> [ColumnVector] {
    let segments = try locations.segments.map { try SegmentRows.of($0, definition) }
    if let vectors = try columnsInPlace(at: locations, segments) { return vectors }
    let places = RowPlaces(locations)
    let found = try FoundRows(places.stretches, definition, columnCount: columns.count)
    var work = PageWork()
    let vectors = try columns.map { try found.column($0, work: &work) }
    guard !places.isInOrder else { return vectors }
    let positions = places.positions
    return vectors.map { $0.gather(positions) }
  }

  /// In the order of the keys, when all segments have row stores of one layout that are read in
  /// place: then nothing is gained by taking one after the other. Else nil.
  private func columnsInPlace(
    at locations: KeyLocations, _ segments: [SegmentRows]
  ) throws -> [ColumnVector]? {
    guard locations.patched.isEmpty else { return nil }
    var stores: [RowStoreReader] = []
    for segment in segments {
      guard let store = segment.store, store.isInPlace,
        store.layout.isCompatible(with: (stores.first ?? store).layout),
        segment.isPlain && segments[0].isPlain || segment.sources == segments[0].sources
      else { return nil }
      stores.append(store)
    }
    guard let layout = stores.first?.layout,
      columns.allSatisfy({ segments[0].sources[$0] != nil })
    else { return nil }
    let batch = RowBatch(layout: layout)
    if locations.isComplete {
      try RowStoreReader.append(
        rows: locations.rows, numbers: locations.segmentNumbers, of: stores, to: batch)
    } else {
      let keys = (0..<locations.count).filter(locations.hasRow)
      try RowStoreReader.append(
        rows: keys.map { locations.rows[$0] },
        numbers: keys.map { locations.segmentNumbers[$0] }, of: stores, to: batch)
    }
    return columns.compactMap { segments[0].column($0, of: batch) }
  }
}
