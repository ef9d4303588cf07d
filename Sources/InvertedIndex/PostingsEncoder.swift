/// Writes the rows and positions of one term (FORMAT.md, "Rows" and "Positions").
struct PostingsEncoder {
  enum Form: Int {
    case deltas = 0
    case roaring = 1
  }

  /// The positions of one group while its length is not known.
  private let groups = ByteBuffer()

  /// Appends the rows to `buffer`.
  func appendRows(of postings: PostingList, to buffer: ByteBuffer) -> Form {
    let rows = postings.rows
    guard rows.count <= IndexLayout.deltaRowCountMax else {
      RoaringEncoding.append(rows, to: buffer)
      return .roaring
    }
    var previous: UInt32 = 0
    for row in rows {
      buffer.appendVarint(Int(row &- previous))
      previous = row
    }
    return .deltas
  }

  /// Appends the positions to `buffer`: the lengths of the groups, then the groups.
  func appendPositions(of postings: PostingList, to buffer: ByteBuffer) {
    groups.removeAll()
    var groupStart = 0
    for ordinal in postings.rows.indices {
      if ordinal > 0, ordinal % IndexLayout.positionGroupRowCount == 0 {
        buffer.appendVarint(groups.count - groupStart)
        groupStart = groups.count
      }
      let range = postings.positionRange(ordinal)
      var previous = Int(postings.positions[range.lowerBound])
      let hasMore = range.count > 1
      groups.appendVarint(2 &* previous &+ (hasMore ? 1 : 0))
      guard hasMore else { continue }
      groups.appendVarint(range.count &- 1)
      for index in range.dropFirst() {
        let position = Int(postings.positions[index])
        groups.appendVarint(position &- previous)
        previous = position
      }
    }
    buffer.append(groups.bytes)
  }
}
