import StorageBase

/// Merges the indexes of several inputs into that of the output of a compaction, from the indexes
/// alone: terms are merged in order, and their rows mapped; no text is read or cut again. The
/// result is, byte for byte, the index that a writer makes of the merged rows. Not thread-safe.
///
/// Memory: one dictionary block per input and the occurrences of one term.
public struct InvertedIndexMerger {
  private let inputs: [InvertedIndexReader]
  private let mapping: RowMapping
  /// What was read.
  public private(set) var work = IndexWork()

  /// - Parameters:
  ///   - inputs: the indexes, in the order of the mapping.
  ///   - mapping: where their rows go.
  /// - Throws: `StorageError.invalidArgument` if the indexes differ in type or options, or in their
  ///   rows from the mapping.
  public init(inputs: [InvertedIndexReader], mapping: RowMapping) throws {
    guard let first = inputs.first else {
      throw StorageError.invalidArgument(
        name: "merge inputs", value: "0", reason: "there must be one")
    }
    for input in inputs where input.type != first.type || input.options != first.options {
      throw StorageError.invalidArgument(
        name: "merge inputs", value: "\(input.type), \(input.options)",
        reason: "all must be of \(first.type), \(first.options)")
    }
    let counts = mapping.outputs.map(\.count)
    guard counts == inputs.map(\.rowCount) else {
      throw StorageError.invalidArgument(
        name: "row mapping", value: "\(counts)",
        reason: "inputs have \(inputs.map(\.rowCount)) rows")
    }
    self.inputs = inputs
    self.mapping = mapping
  }

  /// Writes the merged index.
  /// - Throws: what the sink and the inputs throw.
  public mutating func merge(to sink: any IndexSink) throws -> IndexSummary {
    let options = inputs[0].options
    let assembler = try IndexAssembler(
      type: inputs[0].type, options: options, rowCount: mapping.outputRowCount, sink: sink)
    var terms = try TermMerge(inputs, work: &work)
    let merged = PostingList()
    while let input = terms.first {
      let term = terms.term(of: input)
      let combiner = PostingsCombiner(hasPositions: options.supportPhrase)
      while let same = terms.first, terms.term(of: same) == term {
        if let entry = terms.entry(of: same) { try add(entry, of: same, to: combiner) }
        try terms.advance(work: &work)
      }
      combiner.combine(into: merged)
      guard !merged.rows.isEmpty else { continue }
      try term.withUnsafeBytes { try assembler.append($0, merged) }
    }
    return try assembler.finish(
      nulls: try mapped { $0.footer.nulls }, ignored: try mapped { $0.footer.ignored })
  }

  private mutating func add(
    _ entry: TermEntry, of input: Int, to combiner: PostingsCombiner
  ) throws {
    let found = try inputs[input].occurrences(of: entry, work: &work)
    combiner.append(
      rows: found.rows, outputs: mapping.outputs[input], positions: found.positions)
  }

  private mutating func mapped(_ block: (InvertedIndexReader) -> IndexFooter.RowBlock) throws
    -> [UInt32]
  {
    var result: [UInt32] = []
    for (input, reader) in inputs.enumerated() {
      let outputs = mapping.outputs[input]
      for row in try reader.rowSet(block(reader), work: &work).rows
      where outputs[Int(row)] != RowMapping.dropped {
        result.append(outputs[Int(row)])
      }
    }
    return result.sorted()
  }
}
