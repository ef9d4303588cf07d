/// Puts the mapped postings of one term, input by input, into the order of the output's rows. Each
/// input gives an ascending run; the runs are merged two by two.
final class PostingsCombiner {
  private let hasPositions: Bool
  /// The row of the output in the upper half, in the lower where its positions are.
  private var keys: [UInt64] = []
  /// Where each run ends.
  private var runEnds: [Int] = []
  private var positions = PostingsDecoder.Positions()

  init(hasPositions: Bool) { self.hasPositions = hasPositions }

  /// - Parameters:
  ///   - rows: those of the input, ascending.
  ///   - outputs: for each row of the input that of the output.
  ///   - positions: of each of `rows`, if they are kept.
  func append(rows: [UInt32], outputs: [UInt32], positions new: PostingsDecoder.Positions?) {
    keys.reserveCapacity(keys.count + rows.count)
    let firstOrdinal = positions.ends.count
    for (index, row) in rows.enumerated() {
      let output = outputs[Int(row)]
      guard output != RowMapping.dropped else { continue }
      keys.append(UInt64(output) &<< 32 | UInt64(truncatingIfNeeded: firstOrdinal &+ index))
    }
    if let new {
      // All at once, those of dropped rows too: no key leads there.
      let base = positions.values.count
      positions.values.append(contentsOf: new.values)
      positions.ends.append(contentsOf: new.ends.lazy.map { base &+ $0 })
    }
    if keys.count > runEnds.last ?? 0 { runEnds.append(keys.count) }
  }

  /// Replaces what `postings` held.
  func combine(into postings: PostingList) {
    while runEnds.count > 1 { mergeRuns() }
    postings.removeAll()
    for key in keys {
      postings.append(row: UInt32(truncatingIfNeeded: key &>> 32))
      guard hasPositions else { continue }
      for index in positions.range(Int(key & 0xFFFF_FFFF)) {
        postings.append(position: positions.values[index])
      }
    }
  }

  /// Halves the number of runs.
  private func mergeRuns() {
    var merged: [UInt64] = []
    merged.reserveCapacity(keys.count)
    var ends: [Int] = []
    for index in stride(from: 0, to: runEnds.count, by: 2) {
      var a = index == 0 ? 0 : runEnds[index - 1]
      let middle = runEnds[index]
      var b = middle
      let end = index + 1 < runEnds.count ? runEnds[index + 1] : middle
      while a < middle && b < end {
        if keys[a] < keys[b] {
          merged.append(keys[a])
          a &+= 1
        } else {
          merged.append(keys[b])
          b &+= 1
        }
      }
      merged.append(contentsOf: keys[a..<middle])
      merged.append(contentsOf: keys[b..<end])
      ends.append(merged.count)
    }
    keys = merged
    runEnds = ends
  }
}
