import ScanKernels
import SegmentFormat
import StorageBase
import TabletModel

extension RowDigest {
  /// Of the rows of some segments that are there, as a table of this definition has them. Reads
  /// every column of them: what a merge costs to read.
  ///
  /// - Parameter isCancelled: asked once per page.
  init(
    of segments: [LiveSegment], _ definition: TableDefinition, isCancelled: () -> Bool = { false }
  ) throws {
    self.init()
    for live in segments {
      let pageCount = try live.segment.reader().pageCount
      for page in 0..<pageCount {
        if isCancelled() { throw CancellationError() }
        try add(page: page, of: live, definition)
      }
    }
  }

  private mutating func add(
    page: Int, of live: LiveSegment, _ definition: TableDefinition
  ) throws {
    let reader = try live.segment.reader()
    var work = PageWork()
    let rows = reader.rowRange(ofPage: page)
    var hashes = [UInt64](repeating: BucketHash.seed, count: rows.count)
    for column in definition.schema.columns {
      var vector = try reader.readPage(of: column, page: page, work: &work)
      if let patched = live.patched {
        vector = try patched.apply(to: vector, of: column, rows: rows)
      }
      BucketHash.combine(vector, into: &hashes)
      // So that a value counts in its column only.
      let mark = UInt64(column.id.rawValue)
      for row in hashes.indices { hashes[row] = mixBits(hashes[row] ^ mark) }
    }
    for (row, hash) in zip(rows, hashes) where !(live.deleted?.contains(row) ?? false) {
      rowCount += 1
      sum &+= mixBits(hash)
    }
  }
}

extension TableSnapshot {
  /// By bucket, what the rows that readers see come to, whatever their order and however they are
  /// stored: equal for tables with the same rows. Reads everything.
  public func rowDigests() throws -> [RowDigest] {
    try tablets.map { try RowDigest(of: $0.liveSegments(), definition) }
  }
}
