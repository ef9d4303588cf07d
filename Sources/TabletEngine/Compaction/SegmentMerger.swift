import InvertedIndex
import ScanKernels
import SegmentFormat
import StorageBase

/// Merges sorted inputs into sorted segments, vertically: keys first, then one column after the
/// other. Memory is bounded by one page per input, of all columns of a row store at once, plus two
/// bytes per row of an output segment.
struct SegmentMerger {
  /// What a merge wrote.
  struct Result {
    struct Segment {
      let byteCount: Int
      let rowCount: Int

      init(byteCount: Int, rowCount: Int) {
        self.byteCount = byteCount
        self.rowCount = rowCount
      }

      init(_ summary: SegmentSummary) {
        self.init(byteCount: summary.byteCount, rowCount: summary.rowCount)
      }
    }

    /// Those of rows, then the deltas.
    var segments: [Segment] = []
    /// Bytes of segments that are those of the inputs, under another name.
    var linkedByteCount = 0
    var rowCount = 0
    var work = PageWork()
    /// By output segment, its rows that stand for the deletion of their key.
    var deleteSigns: [[UInt32]] = []
    /// Of tables that merge on write.
    var conversion: RowConversion?
    /// By delta of the output, which rows of the inputs' are in it.
    var deltas: [DeltaConversion] = []
  }

  let definition: TableDefinition
  /// Rows after which another output segment begins.
  let segmentRowCountMax: Int
  /// How rows of equal keys become one; nil when they do not.
  private let unique: UniqueMerge?
  /// Whether loads mark the rows that they replace.
  private let mergesOnWrite: Bool

  /// - Parameter isBase: whether nothing is older than the inputs.
  init(definition: TableDefinition, segmentRowCountMax: Int, isBase: Bool) throws {
    self.definition = definition
    self.segmentRowCountMax = segmentRowCountMax
    unique = try definition.uniqueKeys.map {
      try UniqueMerge($0, schema: definition.schema, isBase: isBase)
    }
    mergesOnWrite = definition.uniqueKeys?.merge == .onWrite
  }

  /// For segments of one load, which nobody has seen: they become one.
  init(joiningLoadInto definition: TableDefinition) throws {
    self.definition = definition
    segmentRowCountMax = .max
    unique = try definition.uniqueKeys.map {
      try UniqueMerge(joiningLoadWith: $0, schema: definition.schema)
    }
    // There are no handles to rows of theirs yet.
    mergesOnWrite = false
  }

  /// The rows of neighbouring rowsets as inputs of a merge: those that a reader of `version`, the
  /// last one of the rowsets, sees, whatever has been deleted since, with the new values that
  /// deltas of the rowsets have.
  func inputs(of rowsets: [Rowset], at version: Version) throws -> [MergeInput] {
    let deltas = rowsets.deltas
    return try rowsets.flatMap {
      try $0.sortedStreams(at: mergesOnWrite ? version : nil, with: deltas)
    }
  }

  /// - Parameters:
  ///   - sink: where output segment `n` goes.
  ///   - isCancelled: asked once per page; true makes the merge throw `CancellationError`.
  func merge(
    _ inputs: [MergeInput], isCancelled: () -> Bool,
    sink: (_ ordinal: Int) throws -> any SegmentSink
  ) throws -> Result {
    var result = Result()
    let keys = try KeyMerge(
      inputs: inputs, schema: definition.schema, unique: unique, convertsRows: mergesOnWrite)
    var positions = inputs.map { _ in MergeInput.Position() }
    while !keys.isAtEnd {
      let order = try keys.next(segmentRowCountMax)
      if order.sources.isEmpty { break }
      let schema =
        order.deleteSigns.isEmpty ? definition.schema : try definition.schema.withDeleteSign()
      let writer = try SegmentWriter(
        schema: schema, options: definition.segmentOptions,
        sink: try sink(result.segments.count))
      let indexes =
        definition.indexes.isEmpty || !order.skips.isEmpty
        ? nil : IndexMerge(inputs: inputs, from: positions, sources: order.sources)
      var end = positions
      for column in schema.columns.indices {
        let replay = ColumnReplay(inputs: inputs, column: schema.columns[column], from: positions)
        try write(
          column, by: replay, order, to: writer, isCancelled, indexes: indexes)
        end = replay.positions
        result.work += replay.work
      }
      if definition.hasPrimaryKeyIndex {
        try writePrimaryKeys(inputs, from: positions, order, to: writer)
      }
      if definition.rowStore != nil {
        try writeRowStore(inputs, from: positions, order, to: writer, isCancelled)
      }
      positions = end
      result.segments.append(Result.Segment(try writer.finish()))
      result.deleteSigns.append(order.deleteSigns)
      result.rowCount += order.sources.count
    }
    result.work += keys.work
    result.conversion = keys.conversion
    return result
  }

  /// Where the rows of the inputs would go, and how many would be left: a merge of their keys
  /// alone.
  func conversion(
    of inputs: [MergeInput]
  ) throws -> (conversion: RowConversion?, rowCount: Int) {
    let keys = try KeyMerge(
      inputs: inputs, schema: definition.schema, unique: unique, convertsRows: mergesOnWrite)
    var rowCount = 0
    while !keys.isAtEnd { rowCount += try keys.next(Self.keyStepRowCount).sources.count }
    return (keys.conversion, rowCount)
  }

  private static let keyStepRowCount = 1 << 16

  /// Reads the key columns of the output once more and keeps them as keys.
  private func writePrimaryKeys(
    _ inputs: [MergeInput], from positions: [MergeInput.Position], _ order: MergeOrder,
    to writer: SegmentWriter
  ) throws {
    let keyColumns = Array(definition.schema.columns[..<definition.schema.sortKeyCount])
    let replays = (keyColumns + (unique?.sequence.map { [$0] } ?? [])).map {
      ColumnReplay(inputs: inputs, column: $0, from: positions)
    }
    try writer.appendPrimaryKeys(hasSequences: unique?.sequence != nil) { keys in
      try forEachPage(of: order) { page in
        let columns = try replays.map { try page.page(of: $0) }
        try keys.append(
          SortKeyBytes.encode(Array(columns.prefix(keyColumns.count)), keyColumns),
          sequences: unique?.sequence == nil
            ? nil : SequenceCodes.codes(of: columns[keyColumns.count]))
      }
    }
  }

  /// Reads the columns of the row store once more, side by side: a page of each for each input.
  private func writeRowStore(
    _ inputs: [MergeInput], from positions: [MergeInput.Position], _ order: MergeOrder,
    to writer: SegmentWriter, _ isCancelled: () -> Bool
  ) throws {
    let replays = definition.rowStoreColumns.map {
      ColumnReplay(inputs: inputs, column: definition.schema.columns[$0], from: positions)
    }
    try writer.appendRowStore(definition.rowStoreOptions) { rows in
      try forEachPage(of: order) { page in
        if isCancelled() { throw CancellationError() }
        let columns = try replays.map { try page.page(of: $0) }
        try rows.append(columns, rows: 0..<columns[0].count)
      }
    }
  }

  /// What a page of the output is made of.
  private struct PageOrder {
    let firstRow: Int
    let sources: UnsafeBufferPointer<UInt16>
    let skips: ArraySlice<MergeOrder.Skip>

    func page(of replay: ColumnReplay) throws -> ColumnVector {
      try replay.next(sources, skips: skips, origin: firstRow)
    }
  }

  /// Goes through the pages of the output, which are the same for all columns.
  private func forEachPage(
    of order: MergeOrder, _ body: (PageOrder) throws -> Void
  ) throws {
    let rowsPerPage = definition.segmentOptions.rowsPerPage
    var skips = order.skips[...]
    try order.sources.withUnsafeBufferPointer { sources in
      for start in stride(from: 0, to: sources.count, by: rowsPerPage) {
        let rows = start..<min(sources.count, start + rowsPerPage)
        let passed = skips.prefix { $0.before < rows.upperBound }
        skips = skips[passed.endIndex...]
        try body(
          PageOrder(
            firstRow: start, sources: UnsafeBufferPointer(rebasing: sources[rows]), skips: passed))
      }
    }
  }

  /// Writes one column and its index, which is merged if every input has it, else built.
  private func write(
    _ column: Int, by replay: ColumnReplay, _ order: MergeOrder, to writer: SegmentWriter,
    _ isCancelled: () -> Bool, indexes: IndexMerge?
  ) throws {
    let isHidden = column >= definition.schema.columns.count
    let wanted = isHidden ? nil : definition.index(ofColumn: column)
    let known = try wanted.flatMap {
      try indexes?.indexes(of: definition.schema.columns[column], $0)
    }
    var builder: InvertedIndexWriter?
    if let wanted, known == nil {
      builder = try InvertedIndexWriter(
        type: definition.schema.columns[column].type, options: wanted.options)
    }
    try forEachPage(of: order) { page in
      if isCancelled() { throw CancellationError() }
      let vector = try page.page(of: replay)
      try writer.append(vector)
      try builder?.add(vector, firstRow: page.firstRow)
    }
    try writer.finishColumn()
    if let builder { try writer.append(builder, ofColumn: column) }
    if let known { try indexes?.append(known, ofColumn: column, to: writer) }
  }
}
