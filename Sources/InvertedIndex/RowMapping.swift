import StorageBase

/// Where the rows of the inputs of a merge go.
public struct RowMapping: Sendable {
  /// Stands for a row that is in no output: one that was deleted.
  public static let dropped = UInt32.max

  /// For each input, for each of its rows, the row of the output.
  let outputs: [[UInt32]]
  /// Rows of the output.
  public let outputRowCount: Int

  /// The rows of each input in their order, taken as the merge's list of sources says.
  /// - Parameters:
  ///   - sources: the ordinal of the input, for each row of the output.
  ///   - inputCount: how many inputs there are.
  /// - Precondition: every source is below `inputCount`.
  public init(sources: [UInt16], inputCount: Int) {
    var outputs = Array(repeating: [UInt32](), count: inputCount)
    for (row, source) in sources.enumerated() {
      precondition(Int(source) < inputCount, "source \(source) of \(inputCount) inputs")
      outputs[Int(source)].append(UInt32(row))
    }
    self.outputs = outputs
    outputRowCount = sources.count
  }

  /// - Parameters:
  ///   - outputs: for each input, for each of its rows, the row of the output, ascending, or
  ///     `dropped`. No two rows go to the same place.
  ///   - outputRowCount: more than every row of the output that is named.
  public init(outputs: [[UInt32]], outputRowCount: Int) {
    for rows in outputs {
      var next: UInt32 = 0
      for row in rows where row != Self.dropped {
        precondition(row >= next && Int(row) < outputRowCount, "row \(row) is out of order")
        next = row + 1
      }
    }
    self.outputs = outputs
    self.outputRowCount = outputRowCount
  }
}
