import StorageBase

/// When the rows of a partition that keeps a rate are due. A value.
struct RowPacer {
  /// Rows are given out when so many seconds of them are due, so that batches are not of one row.
  static let lingerSeconds = 0.005

  private let rowsPerSecond: Double
  private let start: Timestamp
  private let firstRow: UInt64

  /// - Parameter firstRow: the one that is due at `start`.
  init(rowsPerSecond: Double, start: Timestamp, firstRow: UInt64) {
    self.rowsPerSecond = rowsPerSecond
    self.start = start
    self.firstRow = firstRow
  }

  func dueTime(of row: UInt64) -> Timestamp {
    start.advanced(bySeconds: Double(row - firstRow) / rowsPerSecond)
  }

  /// Rows from `next` on that are due; 0 as long as it is worth waiting for more.
  func dueCount(from next: UInt64, at now: Timestamp, maxRows: Int) -> Int {
    let due = Double(firstRow) + now.seconds(since: start) * rowsPerSecond
    let count = min(due.rounded(.down) - Double(next) + 1, Double(maxRows))
    let worthwhile = min(Double(maxRows), max(1, rowsPerSecond * Self.lingerSeconds))
    return count >= worthwhile ? Int(count) : 0
  }

  /// When `dueCount` will not be 0.
  func readyTime(from next: UInt64, maxRows: Int) -> Timestamp {
    let worthwhile = min(Double(maxRows), max(1, rowsPerSecond * Self.lingerSeconds))
    return dueTime(of: next + UInt64(worthwhile) - 1).advanced(bySeconds: 1e-6)
  }
}
