import ScanKernels

/// Writes the rows and positions of one term (FORMAT.md, "Rows" and "Positions"). Not thread-safe.
final class PostingsEncoder {
  enum Form: Int {
    case deltas = 0
    case roaring = 1
    case packed = 2
  }

  private let rowCount: Int
  private let packed = ByteBuffer()
  private let groups = ByteBuffer()
  private var numbers: [UInt32] = []

  /// - Parameter rowCount: those of the segment.
  init(rowCount: Int) { self.rowCount = rowCount }

  /// Appends the rows to `buffer`.
  ///
  /// Rows of a term that is in many are a bitmap, which takes little more and is read and combined
  /// faster; so are rows in long runs. Others are packed.
  func appendRows(of postings: PostingList, to buffer: ByteBuffer) -> Form {
    let rows = postings.rows
    guard rows.count > IndexLayout.deltaRowCountMax else {
      appendDeltas(rows, to: buffer)
      return .deltas
    }
    if rows.count * IndexLayout.denseRowShare >= rowCount {
      RoaringEncoding.append(rows, to: buffer)
      return .roaring
    }
    packed.removeAll()
    PackedRows.append(rows, to: packed, gaps: &numbers)
    // Each run takes four bytes of a roaring bitmap.
    let runCount = numbers.reduce(0) { $0 + ($1 == 0 ? 0 : 1) }
    let isTooDense = rows.count / PackedRows.rowsPerByteMax > packed.count
    if runCount * 4 < packed.count || isTooDense {
      let start = buffer.count
      RoaringEncoding.append(rows, to: buffer)
      if buffer.count - start < packed.count || isTooDense { return .roaring }
      buffer.truncate(to: start)
    }
    buffer.append(packed.bytes)
    return .packed
  }

  private func appendDeltas(_ rows: [UInt32], to buffer: ByteBuffer) {
    var previous: UInt32 = 0
    for row in rows {
      buffer.appendVarint(Int(row &- previous))
      previous = row
    }
  }

  /// Appends the positions to `buffer`: the lengths of the groups, then the groups.
  func appendPositions(of postings: PostingList, to buffer: ByteBuffer) {
    PackedPositions.append(postings, to: buffer, groups: groups, numbers: &numbers)
  }
}
