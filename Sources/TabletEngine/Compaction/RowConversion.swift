import StorageBase

/// Where the rows of the inputs of a merge have gone (the row-id conversion of Apache Doris).
/// Memory: four bytes a row of the inputs. Filled by one thread, then read-only.
struct RowConversion {
  /// For rows that are not in the output.
  static let dropped = UInt32.max

  /// By input and row of the input, counted over its segments: the row of the output, counted over
  /// its segments.
  private(set) var outputs: [[UInt32]]

  /// - Parameter rowCounts: by input.
  init(rowCounts: [Int]) {
    outputs = rowCounts.map { [UInt32](repeating: Self.dropped, count: $0) }
  }

  init(_ outputs: [[UInt32]]) { self.outputs = outputs }

  @inline(__always) mutating func set(_ output: Int, input: Int, row: Int) {
    outputs[input][row] = UInt32(truncatingIfNeeded: output)
  }
}
