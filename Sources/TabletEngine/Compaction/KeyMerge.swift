import ScanKernels
import SegmentFormat
import StorageBase

/// The first pass of a vertical merge: reads only the key columns of all inputs and finds out
/// from which input each output row comes (Vertical compaction of Apache Doris; the *row sources*
/// of ClickHouse's vertical merge).
///
/// A tree of losers (Knuth, volume 3, 5.4.1) holds the inputs by their current row: a row costs one
/// comparison per level, of 64-bit prefixes that lie in the tree. An input that wins several times
/// on end is galloped through (as in timsort): inputs that do not interleave cost a few comparisons
/// a page. Rows of equal keys come in input order. Memory: one page of keys per input. Not
/// thread-safe.
final class KeyMerge {
  /// An input with rows left, by the prefix of its current row.
  struct Contender {
    var prefix: UInt64
    var input: Int
  }

  /// Where an input is in its current page. Plain memory: nothing is retained for a row.
  struct Cursor {
    /// As in `MergeKeys`.
    var prefixes: UnsafePointer<UInt64>?
    var exactColumns: UInt64 = 0
    var row = 0
    /// 0 at the end of the input.
    var rowCount = 0
    /// Of the page, among the rows of its segment and of the input.
    var firstRow = 0
    var firstInputRow = 0
    /// Set for deleted rows of the segment, as far as it goes.
    var deletedWords: UnsafePointer<UInt64>?
    var deletedWordCount = 0
    /// As in `MergeVersions`.
    var sequences: UnsafePointer<UInt64>?
    var deleteSigns: UnsafePointer<Int8>?
  }

  /// The place of an input that has ended.
  static let nobody = -1
  /// Rows in a row from one input after which it is galloped through.
  static let gallopRowCount = 6

  let inputs: [MergeInput]
  private let keyColumns: [Column]
  let keyColumnCount: Int
  /// How rows of equal keys become one; nil when they do not.
  let unique: UniqueMerge?
  private var positions: [MergeInput.Position]
  /// The current page of each input; nil at its end.
  private(set) var keys: [MergeKeys?]
  /// In unique merges: the page of each input before that, and what rows are asked beside keys.
  private(set) var formerKeys: [MergeKeys?] = []
  private var versions: [MergeVersions?] = []
  /// In unique merges: the newest row so far of the key that the merge is at.
  var candidate: Candidate?
  /// Rows passed over since the last row of the output.
  var carriedSkips: [MergeOrder.Skip] = []
  var conversion: RowConversion?
  var outputRowCount = 0
  let cursors: UnsafeMutablePointer<Cursor>
  /// By node, the loser of the match played there: node i is the parent of 2i and 2i + 1, and input
  /// i enters at node `inputs.count + i`.
  private let losers: UnsafeMutablePointer<Contender>
  // It changes with every row. A class checks each access for overlap at run time, which costs more
  // than a comparison; no method here holds it while it calls out.
  @exclusivity(unchecked) private(set) var winner = Contender(prefix: .max, input: nobody)
  private(set) var work = PageWork()

  /// - Parameter convertsRows: whether to note where each row of the inputs goes.
  init(
    inputs: [MergeInput], schema: Schema, unique: UniqueMerge? = nil, convertsRows: Bool = false
  ) throws {
    precondition(inputs.count <= Limits.mergeInputCountMax)
    self.inputs = inputs
    self.unique = unique
    if convertsRows { conversion = RowConversion(rowCounts: inputs.map(\.rowCount)) }
    if unique != nil {
      formerKeys = inputs.map { _ in nil }
      versions = inputs.map { _ in nil }
    }
    keyColumns = Array(schema.columns[..<schema.sortKeyCount])
    keyColumnCount = keyColumns.count
    positions = inputs.map { _ in MergeInput.Position() }
    keys = inputs.map { _ in nil }
    let count = max(1, inputs.count)
    cursors = .allocate(capacity: count)
    cursors.initialize(repeating: Cursor(), count: count)
    losers = .allocate(capacity: count)
    losers.initialize(repeating: winner, count: count)
    for input in inputs.indices { try load(input) }
    if !inputs.isEmpty { winner = play(1) }
  }

  deinit {
    cursors.deallocate()
    losers.deallocate()
  }

  var isAtEnd: Bool { winner.input == Self.nobody && candidate == nil }

  /// Where the next `count` output rows come from, or all that are left: none at all when these are
  /// all passed over.
  func next(_ count: Int) throws -> MergeOrder {
    if unique != nil { return try nextUnique(count) }
    let sources = try nextSources(count)
    if conversion != nil {
      preconditionFailure("only merges of unique keys convert rows")
    }
    return MergeOrder(sources: sources)
  }

  func nextSources(_ count: Int) throws -> [UInt16] {
    let left = inputs.indices.reduce(0) { $0 + rowsLeft($1) }
    return try [UInt16](unsafeUninitializedCapacity: min(count, left)) { sources, filled in
      var streak = 0
      var last = Self.nobody
      while filled < sources.count, !isAtEnd {
        let input = winner.input
        streak = input == last ? streak + 1 : 0
        last = input
        var taken = 1
        if streak >= Self.gallopRowCount {
          let room = cursors[input].rowCount - cursors[input].row
          taken = gallop(input, atMost: min(sources.count - filled, room))
          if taken < Self.gallopRowCount { streak = 0 }
        }
        for index in filled..<filled + taken { sources[index] = UInt16(truncatingIfNeeded: input) }
        filled += taken
        cursors[input].row += taken
        try advance(input)
      }
    }
  }

  private func rowsLeft(_ input: Int) -> Int {
    let position = positions[input]
    let segments = inputs[input].segments
    guard position.segment < segments.count else { return 0 }
    let before = segments[position.segment].rowRange(ofPage: position.page).lowerBound
    let all = segments[position.segment...].reduce(0) { $0 + $1.rowCount }
    return all - before - cursors[input].row
  }

  /// Plays the last winner, whose row has changed, against the losers on its way up.
  func advance(_ input: Int) throws {
    if cursors[input].row == cursors[input].rowCount {
      positions[input] = inputs[input].pageAfter(positions[input])
      try load(input)
    }
    var best = contender(input)
    var node = (inputs.count + input) / 2
    while node > 0 {
      let other = losers[node]
      if isBefore(other, best) {
        losers[node] = best
        best = other
      }
      node /= 2
    }
    winner = best
  }

  private func contender(_ input: Int) -> Contender {
    guard let prefixes = cursors[input].prefixes else {
      return Contender(prefix: .max, input: Self.nobody)
    }
    return Contender(prefix: prefixes[cursors[input].row], input: input)
  }

  /// The winner below a node; losers stay on the way.
  private func play(_ node: Int) -> Contender {
    if node >= inputs.count { return contender(node - inputs.count) }
    let (left, right) = (play(2 * node), play(2 * node + 1))
    let isRightFirst = isBefore(right, left)
    losers[node] = isRightFirst ? left : right
    return isRightFirst ? right : left
  }

  /// How many rows of the winner's page sort before the current row of every other input, at least
  /// one: by steps that double, then by halves.
  func gallop(_ input: Int, atMost limit: Int) -> Int {
    guard let runnerUp = runnerUp(of: input) else { return limit }
    let first = cursors[input].row
    func isAhead(_ count: Int) -> Bool {
      let order = compare(input, first + count - 1, runnerUp, cursors[runnerUp].row)
      return order != 0 ? order < 0 : input < runnerUp
    }
    var known = 1
    var step = 1
    while known + step <= limit, isAhead(known + step) {
      known += step
      step *= 2
    }
    var beyond = min(limit + 1, known + step)
    while known + 1 < beyond {
      let middle = (known + beyond) / 2
      if isAhead(middle) { known = middle } else { beyond = middle }
    }
    return known
  }

  /// The best of those whom the winner has beaten itself; nil when it is alone.
  private func runnerUp(of input: Int) -> Int? {
    var best = Contender(prefix: .max, input: Self.nobody)
    var node = (inputs.count + input) / 2
    while node > 0 {
      if isBefore(losers[node], best) { best = losers[node] }
      node /= 2
    }
    return best.input == Self.nobody ? nil : best.input
  }

  @inline(__always) private func isBefore(_ a: Contender, _ b: Contender) -> Bool {
    a.prefix != b.prefix ? a.prefix < b.prefix : isBefore(a.input, b.input)
  }

  /// As above, for inputs whose current rows have equal prefixes.
  @inline(never) private func isBefore(_ a: Int, _ b: Int) -> Bool {
    if a == Self.nobody { return false }
    if b == Self.nobody { return true }
    let order = compare(a, cursors[a].row, b, cursors[b].row)
    return order != 0 ? order < 0 : a < b
  }

  /// Negative, zero or positive as one row sorts before, with or after another.
  @inline(__always)
  private func compare(_ a: Int, _ row: Int, _ b: Int, _ otherRow: Int) -> Int {
    let (left, right) = (cursors[a], cursors[b])
    guard var own = left.prefixes, var other = right.prefixes else {
      preconditionFailure("inputs with rows left")
    }
    own += row
    other += otherRow
    var exact = left.exactColumns & right.exactColumns
    for column in 0..<keyColumnCount {
      if own.pointee != other.pointee { return own.pointee < other.pointee ? -1 : 1 }
      if exact & 1 == 0 {
        let order = compareValues(column, a, row, b, otherRow)
        if order != 0 { return order }
      }
      exact &>>= 1
      own += left.rowCount
      other += right.rowCount
    }
    return 0
  }

  @inline(never)
  private func compareValues(_ column: Int, _ a: Int, _ row: Int, _ b: Int, _ otherRow: Int) -> Int
  {
    guard let own = keys[a], let other = keys[b] else {
      preconditionFailure("inputs with rows left")
    }
    return own.compareValues(column, row, other, otherRow)
  }

  /// Reads the keys of the page that an input stands at.
  private func load(_ input: Int) throws {
    if unique != nil {
      formerKeys[input] = keys[input]
      if candidate?.input == input { candidate?.isOnFormerPage = true }
    }
    keys[input] = nil
    cursors[input] = Cursor()
    var pages: [ColumnVector] = []
    for column in keyColumns {
      guard let page = try inputs[input].page(positions[input], column: column, work: &work) else {
        return
      }
      pages.append(page)
    }
    let page = MergeKeys(pages)
    keys[input] = page
    cursors[input] = Cursor(
      prefixes: page.prefixes, exactColumns: page.exactColumns, rowCount: page.rowCount)
    if let unique { try loadVersions(input, unique) }
  }

  /// Reads what a unique merge has to know of the rows of the page that an input stands at.
  private func loadVersions(_ input: Int, _ unique: UniqueMerge) throws {
    let position = positions[input]
    let segment = inputs[input].segments[position.segment]
    let sequences = try unique.sequence.flatMap {
      try inputs[input].page(position, column: $0, work: &work)
    }
    var signs: ColumnVector?
    if segment.schema.index(of: DeleteSign.column.id) != nil {
      signs = try inputs[input].page(position, column: DeleteSign.column, work: &work)
    }
    let known = MergeVersions(sequences: sequences, deleteSigns: signs)
    versions[input] = known
    cursors[input].sequences = known.sequences
    cursors[input].deleteSigns = known.deleteSigns
    cursors[input].firstRow = segment.rowRange(ofPage: position.page).lowerBound
    cursors[input].firstInputRow =
      inputs[input].firstRow(ofSegment: position.segment) + cursors[input].firstRow
    if let deleted = inputs[input].deletedRows(ofSegment: position.segment) {
      cursors[input].deletedWords = deleted.bitmap.words.baseAddress
      cursors[input].deletedWordCount = deleted.bitmap.words.count
    }
  }
}
