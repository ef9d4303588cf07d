import ScanKernels
import StorageBase
import Synchronization

/// The rows that one snapshot of a merge-on-read tablet sees, found out when the first reader asks.
/// Thread-safe; further readers wait for the first.
final class ReadMerge: Sendable {
  private let found = Mutex<[LiveSegment]?>(nil)

  /// Reads the keys of all rows the first time. Memory: one page of keys of each rowset, and four
  /// bytes a row while it looks.
  func segments(of tablet: TabletSnapshot, _ keys: TabletKeys) throws -> [LiveSegment] {
    try found.withLock { found in
      if let found { return found }
      let segments = try Self.merge(tablet, keys)
      found = segments
      return segments
    }
  }

  private static func merge(
    _ tablet: TabletSnapshot, _ keys: TabletKeys
  ) throws -> [LiveSegment] {
    let inputs = try tablet.rowsets.flatMap { try $0.sortedStreams() }
    let merge = try KeyMerge(
      inputs: inputs, schema: keys.schema,
      unique: try UniqueMerge(readingWith: keys.options, schema: keys.schema), convertsRows: true)
    while !merge.isAtEnd { _ = try merge.next(1 << 16) }
    let outputs = merge.conversion?.outputs ?? []
    // The inputs hold the segments in their order.
    let rows = zip(inputs, outputs).flatMap { input, outputs in
      input.segments.indices.map { segment in
        let first = input.firstRow(ofSegment: segment)
        return outputs[first..<first + input.segments[segment].rowCount]
      }
    }
    let segments = tablet.segments
    precondition(segments.count == rows.count, "every segment is an input")
    return zip(segments, rows).map { segment, outputs in
      LiveSegment(segment: segment, deleted: DeletedRows(droppedIn: outputs))
    }
  }
}

extension DeletedRows {
  /// The rows without a destination; nil for none.
  init?(droppedIn outputs: ArraySlice<UInt32>) {
    let bitmap = Bitmap(count: outputs.count)
    var count = 0
    for (row, output) in outputs.enumerated() where output == RowConversion.dropped {
      bitmap.set(row)
      count += 1
    }
    guard count > 0 else { return nil }
    self.init(bitmap, count: count)
  }
}
