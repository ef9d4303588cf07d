import ScanKernels

extension ColumnVector {
  /// The vector without some of its rows, which are ascending.
  func dropping(_ rejected: [Int]) -> ColumnVector {
    let builder = ColumnBuilder(type: type, capacity: count)
    var start = 0
    for row in rejected + [count] {
      if start < row { builder.append(self, rows: start..<row) }
      start = row + 1
    }
    return builder.finish()
  }
}
