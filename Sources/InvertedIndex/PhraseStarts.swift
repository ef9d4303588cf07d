/// Where a phrase, or its first words, begins in some rows: what is left of the candidates after
/// each word.
struct PhraseStarts {
  /// Ascending; each has a position at least.
  private(set) var rows: [UInt32]
  private var positions: PostingsDecoder.Positions

  init(rows: [UInt32], positions: PostingsDecoder.Positions) {
    self.rows = rows
    self.positions = positions
  }

  /// Those starts that have the next word `distance` behind them.
  /// - Parameter next: the positions of that word in the same rows.
  func followed(by next: PostingsDecoder.Positions, distance: UInt32) -> PhraseStarts {
    var result = PhraseStarts(rows: [], positions: PostingsDecoder.Positions())
    for index in rows.indices {
      let before = result.positions.values.count
      let nexts = next.range(index)
      var candidate = nexts.lowerBound
      for start in positions.values[positions.range(index)] {
        let wanted = start &+ distance
        while candidate < nexts.upperBound, next.values[candidate] < wanted { candidate &+= 1 }
        if candidate == nexts.upperBound { break }
        if next.values[candidate] == wanted { result.positions.values.append(start) }
      }
      if result.positions.values.count > before {
        result.rows.append(rows[index])
        result.positions.ends.append(result.positions.values.count)
      }
    }
    return result
  }

  /// Those starts that are in `kept`, ascending rows that all have one.
  func keeping(_ kept: [UInt32]) -> PhraseStarts {
    var result = PhraseStarts(rows: kept, positions: PostingsDecoder.Positions())
    var index = 0
    for row in kept {
      while rows[index] != row { index += 1 }
      result.positions.values.append(contentsOf: positions.values[positions.range(index)])
      result.positions.ends.append(result.positions.values.count)
    }
    return result
  }
}
