import ScanKernels
import StorageBase

/// Builds the inverted index of one column, page by page, in the order of its rows. Not
/// thread-safe.
///
/// Terms lie in an arena behind an open-addressing table, each with a chain of the places where it
/// occurs (the in-memory inversion of Lucene's indexing chain); at the end the terms are sorted and
/// written. Memory follows the distinct terms and about one or two bytes per occurrence.
public final class InvertedIndexWriter {
  /// The type of the column.
  public let type: DataType
  /// The options that apply to that type.
  public let options: IndexOptions
  /// Rows added so far.
  public private(set) var rowCount = 0

  private let table = TermTable()
  private var tokenizer: Tokenizer
  private let tokens = TokenBuffer()
  private var nulls: [UInt32] = []
  private var ignored: [UInt32] = []
  /// The terms of each entry of the dictionary that came last, once a row has had it: a term that
  /// no row has must not get a number.
  private var entryTerms: (dictionary: StringTable, terms: [EntryTerms])?

  /// - Throws: `StorageError.invalidArgument` for options out of range or that do not fit the type.
  public init(type: DataType, options: IndexOptions = IndexOptions()) throws {
    self.type = type
    self.options = try options.applied(to: type)
    tokenizer = Tokenizer(self.options)
  }

  /// Bytes of memory held by terms and their occurrences.
  public var memoryByteCount: Int { table.byteCount + (nulls.count + ignored.count) * 4 }

  /// Adds the next rows. A coded vector's dictionary entries are tokenized once each.
  /// - Parameter firstRow: the row of the segment that the vector starts at.
  /// - Precondition: the vector is of the column's type and continues where the last one ended.
  /// - Throws: `StorageError.limitExceeded` beyond `Limits.segmentRowCountMax` rows.
  public func add(_ vector: ColumnVector, firstRow: Int) throws {
    precondition(vector.type == type, "a vector of \(vector.type) for an index of \(type)")
    precondition(firstRow == rowCount, "row \(firstRow) after \(rowCount) rows")
    guard vector.count <= Limits.segmentRowCountMax - rowCount else {
      throw StorageError.limitExceeded(
        what: "rows of an index", value: rowCount + vector.count,
        limit: Limits.segmentRowCountMax, remedy: "write smaller segments")
    }
    let vector = vector.widened()
    vector.nulls?.forEachSet { nulls.append(UInt32(rowCount + $0)) }
    switch vector.body {
    case .fixed: addFixed(vector)
    case .strings(let strings): addStrings(strings, vector)
    case .coded(let codes, let dictionary):
      addCoded(codes.values(as: UInt32.self), dictionary, vector)
    case .byteCoded, .offsets: preconditionFailure("a narrow vector after it was widened")
    }
    rowCount += vector.count
  }

  private func addStrings(_ strings: StringTable, _ vector: ColumnVector) {
    let hasPositions = options.supportPhrase
    for row in 0..<vector.count where !vector.isNull(row) {
      let place = UInt32(truncatingIfNeeded: rowCount &+ row)
      tokenizer.tokenize(strings[row], into: tokens)
      guard isIndexed(tokens) else {
        ignored.append(place)
        continue
      }
      for token in 0..<tokens.count {
        let number = table.number(of: tokens[token])
        if hasPositions {
          table.add(number, row: place, position: UInt32(truncatingIfNeeded: token))
        } else {
          table.add(number, row: place)
        }
      }
    }
  }

  private func isIndexed(_ tokens: TokenBuffer) -> Bool {
    options.parser.isTokenizing || tokens.byteCount <= options.ignoreAbove
  }

  private func addCoded(
    _ codes: UnsafeBufferPointer<UInt32>, _ dictionary: StringTable, _ vector: ColumnVector
  ) {
    var terms = takeTerms(of: dictionary)
    defer { entryTerms = (dictionary, terms) }
    let hasPositions = options.supportPhrase
    for row in 0..<vector.count where !vector.isNull(row) {
      let code = Int(codes[row])
      let place = UInt32(truncatingIfNeeded: rowCount &+ row)
      if case .unknown = terms[code] { terms[code] = numberTerms(of: dictionary[code]) }
      guard case .known(let numbers) = terms[code] else {
        ignored.append(place)
        continue
      }
      for (position, number) in numbers.enumerated() {
        if hasPositions {
          table.add(number, row: place, position: UInt32(truncatingIfNeeded: position))
        } else {
          table.add(number, row: place)
        }
      }
    }
  }

  /// What is known of an entry of a dictionary.
  private enum EntryTerms {
    case unknown
    case ignored
    case known([Int])
  }

  /// What is known of the entries of a dictionary, which the pages of a segment may share. It is
  /// moved out, so that it is not copied when it changes.
  private func takeTerms(of dictionary: StringTable) -> [EntryTerms] {
    defer { entryTerms = nil }
    if let (known, terms) = entryTerms, known.bytes === dictionary.bytes { return terms }
    return Array(repeating: .unknown, count: dictionary.count)
  }

  private func numberTerms(of value: UnsafeRawBufferPointer) -> EntryTerms {
    tokenizer.tokenize(value, into: tokens)
    guard isIndexed(tokens) else { return .ignored }
    return .known((0..<tokens.count).map { table.number(of: tokens[$0]) })
  }

  private func addFixed(_ vector: ColumnVector) {
    switch type.physical {
    case .int8: addIntegers(vector, Int8.self)
    case .int16: addIntegers(vector, Int16.self)
    case .int32: addIntegers(vector, Int32.self)
    case .int64: addIntegers(vector, Int64.self)
    case .int128: addIntegers(vector, Int128.self)
    case .float32: addKeys(vector, Float.self) { OrderedKey.bits(Double($0)).bigEndian }
    case .float64: addKeys(vector, Double.self) { OrderedKey.bits($0).bigEndian }
    case .bytes: preconditionFailure("a fixed-width vector of strings")
    }
  }

  private func addIntegers<T: FixedWidthInteger & BitwiseCopyable>(
    _ vector: ColumnVector, _ type: T.Type
  ) {
    addKeys(vector, type) { ($0 ^ T.min).bigEndian }
  }

  /// - Parameter key: the key of a value, its bytes in order.
  private func addKeys<T: BitwiseCopyable, Key: BitwiseCopyable>(
    _ vector: ColumnVector, _ type: T.Type, key: (T) -> Key
  ) {
    let values = vector.values(as: type)
    // A term must have eight readable bytes behind it.
    withUnsafeTemporaryAllocation(byteCount: 32, alignment: 16) { scratch in
      scratch.initializeMemory(as: UInt8.self, repeating: 0)
      let term = UnsafeRawBufferPointer(rebasing: scratch[..<MemoryLayout<Key>.size])
      for row in 0..<vector.count where !vector.isNull(row) {
        scratch.storeBytes(of: key(values[row]), as: Key.self)
        table.add(
          table.number(of: term), row: UInt32(truncatingIfNeeded: rowCount &+ row))
      }
    }
  }

  /// Writes the index; the writer is of no further use.
  /// - Throws: what the sink throws.
  public func finish(to sink: any IndexSink) throws -> IndexSummary {
    let assembler = try IndexAssembler(
      type: type, options: options, rowCount: rowCount, sink: sink)
    let postings = PostingList()
    for number in table.sortedNumbers() {
      table.decode(number, hasPositions: options.supportPhrase, into: postings)
      try assembler.append(table.term(number), postings)
    }
    return try assembler.finish(nulls: nulls, ignored: ignored)
  }
}
