import InvertedIndex
import ScanKernels
import StorageBase

/// What is left of a segment, and of the filter, after everything has been asked that is not a
/// column. Immutable and thread-safe.
struct SegmentPruning: Sendable {
  /// Other pages have no selected row.
  var pages: Range<Int>
  /// Other rows are not selected; nil when no index was asked.
  var rows: RowSet?
  /// What the rows still have to fulfil; nil for nothing.
  var rest: BoundPredicate?
  /// Whether `rows` is all that is wanted of the segment.
  var isCountOnly = false
}

/// Asks, in this order: short keys, Bloom filters of values and n-grams, inverted indexes. What
/// each leaves is all that the next one looks at.
struct SegmentPruner {
  private let source: any PrunableSource
  private let schema: Schema
  private let filter: BoundPredicate
  private let use: IndexUse
  private let positions: [Int?]

  /// - Parameters:
  ///   - schema: what the columns of the filter are positions in.
  ///   - positions: for each of them the column of the segment.
  init(
    _ source: any PrunableSource, schema: Schema, positions: [Int?], filter: BoundPredicate,
    use: IndexUse
  ) {
    self.source = source
    self.schema = schema
    self.positions = positions
    self.filter = filter
    self.use = use
  }

  /// Nil when no row is selected.
  func pruning(_ work: inout ScanWork) throws -> SegmentPruning? {
    var result = SegmentPruning(pages: 0..<source.pageCount, rest: filter)
    try narrow(&result, byKeys: &work)
    if result.pages.isEmpty { return nil }
    if try !filters(mayContain: filter) {
      work.pagesPrunedByFilters += result.pages.count
      return nil
    }
    try narrow(&result, byIndexes: &work)
    return result.rows?.isEmpty == true ? nil : result
  }

  // MARK: Short keys

  private func narrow(_ result: inout SegmentPruning, byKeys work: inout ScanWork) throws {
    var keyColumns: [Int] = []
    for column in source.schema.columns[..<source.schema.sortKeyCount] {
      guard let position = schema.index(of: column.id),
        schema.columns[position].type == column.type
      else { break }
      keyColumns.append(position)
    }
    let bounds = KeyBounds(filter, keyColumns: keyColumns)
    if bounds.isUnbounded { return }
    result.pages = try source.pageRange(from: bounds.low, through: bounds.high)
    work.pagesPrunedByKeys += source.pageCount - result.pages.count
  }

  // MARK: Bloom filters

  /// False only when no row of the segment is selected.
  private func filters(mayContain predicate: BoundPredicate) throws -> Bool {
    switch predicate.form {
    case .constant(let value): return value
    case .and(let parts): return try parts.allSatisfy(filters(mayContain:))
    case .or(let parts): return try parts.contains(where: filters(mayContain:))
    case .spans(let column, let spans, isNegated: false):
      guard let position = positions[column] else { return true }
      return try spans.contains { span in
        guard let value = span.point else { return true }
        return try source.mayContain(column: position, value: value)
      }
    case .substrings(let column, let texts):
      guard let position = positions[column] else { return true }
      return try texts.allSatisfy { try source.mayContain(column: position, substring: $0) }
    case .spans, .isNull, .isNotNull, .words, .other: return true
    }
  }

  // MARK: Inverted indexes

  private func narrow(_ result: inout SegmentPruning, byIndexes work: inout ScanWork) throws {
    let cost = ScanCost(schema: schema)
    var indexes = ColumnIndexes(source, positions: positions, use: use)
    let conjuncts = filter.conjuncts
    var candidates: [(conjunct: Int, estimate: Int)] = []
    let rowCount = min(source.rowCount, result.pages.count * source.rowsPerPage)
    for (ordinal, conjunct) in conjuncts.enumerated() {
      if use.mode == .whereCheaper, cost.isCheap(conjunct, rowCount: rowCount) { continue }
      if let estimate = try indexes.estimate(conjunct) { candidates.append((ordinal, estimate)) }
    }
    var answered: Set<Int> = []
    // The rarest first: what they leave may be cheaper to look at than to ask for.
    for candidate in candidates.sorted(by: { $0.estimate < $1.estimate }) {
      let conjunct = conjuncts[candidate.conjunct]
      let known = result.rows?.count ?? source.rowCount
      if known == 0 { break }
      let scanned = min(rowCount, known * source.rowsPerPage)
      if use.mode == .whereCheaper,
        !cost.isIndexCheaper(for: conjunct, matching: candidate.estimate, ofScanned: scanned)
      {
        continue
      }
      let rows = try indexes.rows(conjunct)
      result.rows = result.rows?.intersection(rows) ?? rows
      answered.insert(candidate.conjunct)
    }
    work.indexLookups += indexes.lookupCount
    work.indexBytesRead += indexes.work.bytes
    guard let rows = result.rows else { return }
    let others = conjuncts.indices.filter { !answered.contains($0) }
    result.rest = filter.keeping(others.map { conjuncts[$0] })
    work.rowsSelectedByIndex += rows.count
    if rows.isEmpty { work.pagesPrunedByIndex += result.pages.count }
  }
}
