import ScanKernels
import StorageBase
import Testing

/// LIKE against a matcher that tries everything, and the borders where it matters.
@Suite struct LikeTests {
  private func selected(_ pattern: String, _ texts: [String?], isCoded: Bool) throws -> [Int] {
    let schema = try Schema([("text", .string, true)], sortKeyCount: 1)
    let builder = ColumnBuilder(type: .string)
    for text in texts { builder.append(text.map { .string($0) } ?? .null) }
    var vector = builder.finish()
    if isCoded {
      let entries = Array(Set(texts.map { $0 ?? "" })).sorted()
      let codes = texts.map { UInt32(entries.firstIndex(of: $0 ?? "")!) }
      vector = ColumnVector(
        type: .string, count: texts.count,
        body: .coded(codes: .of(codes), dictionary: StringTable(entries)), nulls: vector.nulls)
    }
    var evaluator = PredicateEvaluator(try Field("text").isLike(pattern).bound(to: schema))
    let rows = evaluator.evaluate(rowCount: texts.count) { _ in vector }
    var negated = PredicateEvaluator(try (!Field("text").isLike(pattern)).bound(to: schema))
    let others = negated.evaluate(rowCount: texts.count) { _ in vector }
    for row in texts.indices {
      #expect((rows[row] || others[row]) == (texts[row] != nil), "\(pattern) row \(row)")
      #expect(!(rows[row] && others[row]), "\(pattern) row \(row)")
    }
    return rows.rowIDs().map { Int($0) }
  }

  private func isLike(_ text: ArraySlice<Unicode.Scalar>, _ pattern: ArraySlice<Unicode.Scalar>)
    -> Bool
  {
    guard let first = pattern.first else { return text.isEmpty }
    let rest = pattern.dropFirst()
    switch first {
    case "%": return (0...text.count).contains { isLike(text.dropFirst($0), rest) }
    case "_": return !text.isEmpty && isLike(text.dropFirst(), rest)
    case "\\" where !rest.isEmpty:
      return text.first == rest.first && isLike(text.dropFirst(), rest.dropFirst())
    default: return text.first == first && isLike(text.dropFirst(), rest)
    }
  }

  @Test(arguments: 0..<4 as Range<UInt64>) func patternsAgreeWithTryingEverything(seed: UInt64)
    throws
  {
    var random = SeededGenerator(seed: seed)
    func pick(_ pieces: [String], atMost count: UInt64) -> String {
      let length = random.next() % (count + 1)
      return (0..<length).map { _ in pieces[Int(random.next() % UInt64(pieces.count))] }.joined()
    }
    for _ in 0..<150 {
      let texts = (0..<20).map { _ in
        random.next() % 9 == 0 ? nil : pick(["a", "b", "ab", "é", "𠀀", "%", "_", "\\"], atMost: 7)
      }
      let pattern = pick(
        ["a", "b", "ab", "é", "𠀀", "%", "%", "%", "_", "\\%", "\\_", "\\\\", "\\"], atMost: 6)
      let expected = texts.indices.filter { row in
        texts[row].map { isLike(Array($0.unicodeScalars)[...], Array(pattern.unicodeScalars)[...]) }
          ?? false
      }
      for isCoded in [false, true] {
        #expect(try selected(pattern, texts, isCoded: isCoded) == expected, "\(pattern)")
      }
    }
  }

  /// A needle that begins in one row and ends in the next is in neither.
  @Test func rowsDoNotRunTogether() throws {
    let texts = ["abc", "def", "", "cde", "xcdx", "cd", nil, "c", "d", "cccd"]
    #expect(try selected("%cd%", texts, isCoded: false) == [3, 4, 5, 9])
    #expect(try selected("%cd%", texts, isCoded: true) == [3, 4, 5, 9])
  }

  @Test func onlyStringsHaveLike() throws {
    let schema = try Schema([("n", .int32, false)], sortKeyCount: 1)
    #expect(throws: StorageError.self) { try Field("n").isLike("1%").bound(to: schema) }
    #expect(throws: StorageError.self) {
      try Field("n").matches(.any, "1").bound(to: schema)
    }
  }
}
