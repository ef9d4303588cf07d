/// Which rows of the inputs of a merge become the next rows of its output, in their order.
struct MergeOrder {
  /// Rows of an input that are passed over.
  struct Skip {
    /// The row of the output before which they come.
    var before: Int
    let input: UInt16
    var count: Int
  }

  /// The input of each output row.
  var sources: [UInt16] = []
  /// In the order of the output rows that they come before.
  var skips: [Skip] = []
  /// Rows of the output that stand for the deletion of their key.
  var deleteSigns: [UInt32] = []

  /// Passes over another row of an input, before the next row of the output.
  mutating func skip(_ input: Int) {
    let before = sources.count
    if let last = skips.indices.last, skips[last].before == before, skips[last].input == input {
      skips[last].count += 1
    } else {
      skips.append(Skip(before: before, input: UInt16(truncatingIfNeeded: input), count: 1))
    }
  }

  /// Takes away what is passed over after the last row.
  mutating func takeTrailingSkips() -> [Skip] {
    let first = skips.lastIndex { $0.before < sources.count }.map { $0 + 1 } ?? 0
    let trailing = skips[first...].map { Skip(before: 0, input: $0.input, count: $0.count) }
    skips.removeSubrange(first...)
    return trailing
  }
}
