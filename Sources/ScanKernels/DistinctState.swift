import StorageBase

/// COUNT(DISTINCT column), exact or approximate. A string of a dictionary is looked at once per
/// dictionary and, where whole pages are folded, inserted once per page.
final class DistinctState<Sink: DistinctSink>: AggregateState, DistinctMemory {
  private var sink = Sink()
  private let areBytes: Bool
  /// The last dictionary, and the word of each code that has been met; 0 for the others.
  private var known: (dictionary: StringTable, words: [UInt64])?

  init(_ type: DataType) {
    areBytes = type.physical == .bytes || type.physical == .int128
  }

  func reserve(groupCount: Int) { sink.reserve(groupCount: groupCount) }

  func fold(_ vector: ColumnVector?, selection: Bitmap?, rowCount: Int, group: Int) {
    guard let vector else { preconditionFailure("a distinct count needs a column") }
    let present = Bitmap.present(selection, vector.nulls)
    // Marking pays when the dictionary is not much larger than the page; it may serve many pages.
    if case .coded(let buffer, let dictionary) = vector.body, dictionary.count <= rowCount {
      let codes = buffer.values(as: UInt32.self)
      var isMet = [Bool](repeating: false, count: dictionary.count)
      if let present {
        present.forEachSet { isMet[Int(codes[$0])] = true }
      } else {
        for row in 0..<rowCount { isMet[Int(codes[row])] = true }
      }
      withWords(of: dictionary) { words in
        for code in isMet.indices where isMet[code] {
          sink.insert(word(code, dictionary, &words), group: group)
        }
      }
      return
    }
    let rows = present?.rowIDs() ?? Array(0..<UInt32(rowCount))
    rows.withUnsafeBufferPointer { insert(vector, nulls: nil, rows: $0) { _ in group } }
  }

  func scatter(
    _ vector: ColumnVector?, rows: UnsafeBufferPointer<UInt32>, groups: UnsafeBufferPointer<UInt32>
  ) {
    guard let vector else { preconditionFailure("a distinct count needs a column") }
    insert(vector, nulls: vector.nulls, rows: rows) { Int(groups[$0]) }
  }

  /// Lends out the words of the codes of a dictionary, which are kept until another one comes.
  private func withWords(of dictionary: StringTable, _ body: (inout [UInt64]) -> Void) {
    var words: [UInt64] = []
    if let known, known.dictionary.bytes === dictionary.bytes,
      known.dictionary.offsets === dictionary.offsets
    {
      words = known.words
    } else {
      words = Array(repeating: 0, count: dictionary.count)
    }
    // Out of the property while it changes, so that it is not copied.
    known = nil
    body(&words)
    known = (dictionary, words)
  }

  @inline(__always)
  private func word(_ code: Int, _ dictionary: StringTable, _ words: inout [UInt64]) -> UInt64 {
    if words[code] != 0 { return words[code] }
    let word = sink.word(of: dictionary[code])
    words[code] = word
    return word
  }

  @inline(__always)
  private func insert(
    _ vector: ColumnVector, nulls: Bitmap?, rows: UnsafeBufferPointer<UInt32>,
    group: (Int) -> Int
  ) {
    switch vector.type.physical {
    case .int8: insert(vector.values(as: Int8.self), nulls, rows, group) { Self.bits($0) }
    case .int16: insert(vector.values(as: Int16.self), nulls, rows, group) { Self.bits($0) }
    case .int32: insert(vector.values(as: Int32.self), nulls, rows, group) { Self.bits($0) }
    case .int64: insert(vector.values(as: Int64.self), nulls, rows, group) { Self.bits($0) }
    // By rank: the two zeros are one value, and so are all NaN.
    case .float32:
      insert(vector.values(as: Float.self), nulls, rows, group) { Self.bits(ValueRank.of($0)) }
    case .float64:
      insert(vector.values(as: Double.self), nulls, rows, group) { Self.bits(ValueRank.of($0)) }
    case .int128:
      let values = vector.values(as: Int128.self)
      for position in 0..<rows.count {
        let row = Int(rows[position])
        if let nulls, nulls[row] { continue }
        let word = withUnsafeBytes(of: values[row]) { sink.word(of: $0) }
        sink.insert(word, group: group(position))
      }
    case .bytes: insertStrings(vector, nulls, rows, group)
    }
  }

  @inline(__always)
  private func insertStrings(
    _ vector: ColumnVector, _ nulls: Bitmap?, _ rows: UnsafeBufferPointer<UInt32>,
    _ group: (Int) -> Int
  ) {
    switch vector.body {
    case .coded(let buffer, let dictionary):
      let codes = buffer.values(as: UInt32.self)
      withWords(of: dictionary) { words in
        for position in 0..<rows.count {
          let row = Int(rows[position])
          if let nulls, nulls[row] { continue }
          sink.insert(word(Int(codes[row]), dictionary, &words), group: group(position))
        }
      }
    case .strings(let strings):
      for position in 0..<rows.count {
        let row = Int(rows[position])
        if let nulls, nulls[row] { continue }
        sink.insert(sink.word(of: strings[row]), group: group(position))
      }
    case .fixed, .offsets, .byteCoded: preconditionFailure("not a wide string column")
    }
  }

  private static func bits(_ integer: some FixedWidthInteger) -> UInt64 {
    UInt64(bitPattern: Int64(truncatingIfNeeded: integer))
  }

  @inline(__always)
  private func insert<T: BitwiseCopyable>(
    _ values: UnsafeBufferPointer<T>, _ nulls: Bitmap?, _ rows: UnsafeBufferPointer<UInt32>,
    _ group: (Int) -> Int, bits: (T) -> UInt64
  ) {
    let nullWords = nulls?.words
    var last: (word: UInt64, group: Int)?
    for position in 0..<rows.count {
      let row = Int(rows[position])
      if let nullWords, nullWords[row &>> 6] &>> UInt64(row & 63) & 1 != 0 { continue }
      let (word, group) = (bits(values[row]), group(position))
      // Sorted columns repeat values.
      if let last, last.word == word, last.group == group { continue }
      last = (word, group)
      sink.insert(word, group: group)
    }
  }

  func absorb(_ other: any AggregateState, groups: [UInt32]) {
    guard let other = other as? DistinctState<Sink> else {
      preconditionFailure("states of two kinds")
    }
    sink.absorb(other.sink, groups: groups, areBytes: areBytes)
  }

  func result(_ aggregate: BoundAggregate, group: Int) throws -> Value {
    .integer(Int128(sink.count(group)))
  }

  var byteCount: Int { sink.byteCount }
}

/// A state whose memory grows with the values it is shown, not only with the groups.
protocol DistinctMemory: AnyObject {
  /// Bytes of memory that the values take.
  var byteCount: Int { get }
}
