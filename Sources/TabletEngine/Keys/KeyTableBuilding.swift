import ScanKernels
import SegmentFormat
import StorageBase

/// Makes the table of a hash key index from the key columns of a tablet. Immutable and thread-safe.
struct KeyTableBuilding: Sendable {
  let keyColumns: [Column]
  let sequence: Column?
  let coder: KeyCoder
  let secret: KeySecret

  /// The newest rows of all keys of a tablet.
  /// - Throws: what reading the keys throws; `StorageError.limitExceeded` for too many rows.
  func build(
    from tablet: TabletSnapshot
  ) throws -> (table: RowHandleTable, space: RowSpace, rowCount: Int) {
    let table = RowHandleTable(width: coder.width, hasSequences: sequence != nil, secret: secret)
    table.reserve(try tablet.liveRowCount())
    var space = RowSpace()
    var segments: [KnownSegment] = []
    for rowset in tablet.rowsets {
      for segment in rowset.segments {
        let pages = try KeyPages(
          segment, keyColumns, sequence, patched: tablet.patches(of: segment))
        let base = try space.add(
          segment, rowCount: pages.rowCount, version: rowset.summary.versions.last,
          hasDeleteSigns: pages.hasDeleteSigns)
        segments.append(
          KnownSegment(
            pages: pages, base: base, deleted: segment.deletes.rows(at: tablet.version)))
      }
    }
    // Deletions decide about rows that come later. A row that is there counts whatever they say: a
    // greater one, that they lost against, may have been merged away before the row came.
    let deleting = sequence == nil ? [] : segments.filter(\.pages.hasDeleteSigns)
    for segment in deleting { try addDeletions(of: segment, to: table) }
    for segment in segments { try addRows(of: segment, to: table, isFirst: deleting.isEmpty) }
    return (table, space, segments.reduce(0) { $0 + $1.pages.rowCount })
  }

  /// A segment whose rows are to be known.
  private struct KnownSegment {
    let pages: KeyPages
    /// The handle of its first row.
    let base: UInt32
    let deleted: DeletedRows?
  }

  private func addDeletions(of segment: KnownSegment, to table: RowHandleTable) throws {
    try segment.pages.forEachPage { page in
      for run in page.deleteSigns?.runs ?? [] {
        let (codes, sequences) = keys(of: run, in: page)
        _ = table.exchange(
          codes, first: segment.base + UInt32(page.rows.lowerBound + run.lowerBound),
          sequences: sequences)
      }
    }
  }

  /// - Parameter isFirst: whether the table knows nothing of their keys.
  private func addRows(
    of segment: KnownSegment, to table: RowHandleTable, isFirst: Bool
  ) throws {
    try segment.pages.forEachPage { page in
      let live = segment.deleted?.live(in: page.rows)
      if let live, live.isEmpty { return }
      // Runs of rows that are there, so that their handles follow each other.
      for run in live.map(\.runs) ?? [0..<page.rows.count] {
        let (codes, sequences) = keys(of: run, in: page)
        let first = segment.base + UInt32(page.rows.lowerBound + run.lowerBound)
        if isFirst {
          _ = table.exchange(codes, first: first, sequences: sequences)
        } else {
          table.set(codes, first: first, sequences: sequences)
        }
      }
    }
  }

  /// Some rows of a page.
  private func keys(
    of run: Range<Int>, in page: KeyPages.Page
  ) -> (KeyCodes, sequences: [Int64]?) {
    let isWhole = run.count == page.rows.count
    let rows = isWhole ? [] : Array(UInt32(run.lowerBound)..<UInt32(run.upperBound))
    let keys = isWhole ? page.keys : page.keys.map { $0.gather(rows) }
    let sequences = page.sequence.map { sequence in
      SequenceCodes.signed(
        SequenceCodes.codes(of: isWhole ? sequence : sequence.gather(rows)), count: run.count)
    }
    return (coder.codes(of: keys), sequences)
  }
}

extension SequenceCodes {
  /// The same numbers as signed ones.
  static func signed(_ codes: AlignedBuffer, count: Int) -> [Int64] {
    codes.values(as: UInt64.self)[..<count].map { Int64(bitPattern: $0 ^ (1 << 63)) }
  }
}

extension Bitmap {
  /// The runs of set bits, ascending.
  fileprivate var runs: [Range<Int>] {
    var runs: [Range<Int>] = []
    forEachSet { row in
      if let last = runs.last, last.upperBound == row {
        runs[runs.count - 1] = last.lowerBound..<row + 1
      } else {
        runs.append(row..<row + 1)
      }
    }
    return runs
  }
}
