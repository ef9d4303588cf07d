import ScanKernels

/// Where some words follow each other: rows, and in each where the first of the words stands.
struct PhraseStarts {
  private(set) var rows: [UInt32] = []
  private var positions = PostingsDecoder.Positions()

  /// Nil if positions are malformed.
  /// - Parameter among: the rows to look at; nil for all.
  /// - Precondition: there is a word.
  init?(_ words: [PhraseWord], among: Bitmap? = nil) {
    let candidates = words[0].rows.bitmap.copy()
    if let among { candidates.formIntersection(among) }
    for word in words.dropFirst() { candidates.formIntersection(word.rows.bitmap) }
    guard collect(words, [], in: candidates) else { return nil }
  }

  /// Takes the cursor of each word, then looks at the candidates.
  private mutating func collect(
    _ words: [PhraseWord], _ cursors: [PhraseCursor], in candidates: Bitmap
  ) -> Bool {
    if cursors.count < words.count {
      return words[cursors.count].withCursor { collect(words, cursors + [$0], in: candidates) }
    }
    return cursors.withUnsafeBufferPointer { cursors in
      for (index, word) in candidates.words.enumerated() {
        var rest = word
        while rest != 0 {
          let row = index &* 64 &+ rest.trailingZeroBitCount
          rest &= rest &- 1
          let number = cursors[0].number(cursors[0].rows.rank(row))
          if number & 1 == 0 {
            switch Self.follow(number &>> 1, row, cursors) {
            case .yes: append(row, number &>> 1)
            case .no: continue
            case .unknown: guard search(row, words) else { return false }
            }
          } else {
            guard search(row, words) else { return false }
          }
        }
      }
      return true
    }
  }

  private enum Answer {
    case yes
    case no
    case unknown
  }

  /// Whether the other words follow a start, as far as their first positions tell.
  @inline(__always) private static func follow(
    _ start: UInt32, _ row: Int, _ cursors: UnsafeBufferPointer<PhraseCursor>
  ) -> Answer {
    var answer = Answer.yes
    for distance in 1..<max(1, cursors.count) {
      let number = cursors[distance].number(cursors[distance].rows.rank(row))
      let wanted = start &+ UInt32(truncatingIfNeeded: distance)
      if number &>> 1 == wanted { continue }
      if number & 1 == 0 || number &>> 1 > wanted { return .no }
      answer = .unknown
    }
    return answer
  }

  @inline(__always) private mutating func append(_ row: Int, _ start: UInt32) {
    rows.append(UInt32(truncatingIfNeeded: row))
    positions.values.append(start)
    positions.ends.append(positions.values.count)
  }

  /// Looks at all positions of a row; false if they are malformed.
  private mutating func search(_ row: Int, _ words: [PhraseWord]) -> Bool {
    var starts: [UInt32] = []
    var others: [UInt32] = []
    for (distance, word) in words.enumerated() {
      guard word.positions(word.rows.cursor.rank(row), into: &others) else { return false }
      if distance == 0 {
        starts = others
      } else {
        starts.removeAll { !others.contains($0 &+ UInt32(truncatingIfNeeded: distance)) }
      }
      if starts.isEmpty { return true }
    }
    rows.append(UInt32(truncatingIfNeeded: row))
    positions.values.append(contentsOf: starts)
    positions.ends.append(positions.values.count)
    return true
  }

  /// The rows in which another word stands `distance` behind a start; nil if its positions are
  /// malformed.
  func rows(followedBy word: PhraseWord, distance: Int) -> [UInt32]? {
    let distance = UInt32(truncatingIfNeeded: distance)
    var result: [UInt32] = []
    var others: [UInt32] = []
    let isGood = word.withCursor { cursor in
      for index in rows.indices where cursor.rows.contains(Int(rows[index])) {
        let range = positions.range(index)
        let ordinal = cursor.rows.rank(Int(rows[index]))
        let number = cursor.number(ordinal)
        if number & 1 == 0, range.count == 1 {
          if positions.values[range.lowerBound] &+ distance == number &>> 1 {
            result.append(rows[index])
          }
          continue
        }
        guard word.positions(ordinal, into: &others) else { return false }
        if positions.values[range].contains(where: { others.contains($0 &+ distance) }) {
          result.append(rows[index])
        }
      }
      return true
    }
    return isGood ? result : nil
  }
}
