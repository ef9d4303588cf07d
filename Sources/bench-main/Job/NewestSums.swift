import ScanKernels
import StorageBase
import Synchronization

/// What the newest rows of the keys of one client add up to, where each client changes keys of its
/// own: the first column, numbered from 1, of which client `c` of `n` has `c + 1`, `c + 1 + n`, …
/// Thread-safe.
final class NewestSums: Sendable {
  private struct State {
    /// By key of the client and summed column.
    var values: [Int64] = []
    var isKnown: [Bool] = []
  }

  private let client: Int
  private let clientCount: Int
  private let summed: [Int]
  private let schema: Schema
  private let state = Mutex(State())

  init(schema: Schema, client: Int, clientCount: Int) {
    self.schema = schema
    self.client = client
    self.clientCount = clientCount
    summed = schema.columns.indices.filter {
      RowSums.isSummed(schema.columns[$0].type) && schema.columns[$0].type.physical != .int128
    }
  }

  /// How the sums of all newest rows change with an acknowledged batch; of rows with one key the
  /// last one counts.
  func change(by batch: ColumnBatch) -> RowSums {
    let columns = summed.map { Self.integers(of: batch.columns[$0]) }
    let keys = Self.integers(of: batch.columns[0])
    var change = RowSums(schema: schema)
    var totals = [Int128](repeating: 0, count: summed.count)
    state.withLock { state in
      for row in 0..<batch.rowCount {
        let slot = (Int(keys[row]) - 1 - client) / clientCount
        while state.isKnown.count <= slot {
          state.isKnown.append(false)
          for _ in summed { state.values.append(0) }
        }
        if !state.isKnown[slot] { change.rowCount += 1 }
        state.isKnown[slot] = true
        for column in summed.indices {
          let place = slot * summed.count + column
          totals[column] += Int128(columns[column][row]) - Int128(state.values[place])
          state.values[place] = columns[column][row]
        }
      }
    }
    for (index, column) in summed.enumerated() { change.sums[column] = totals[index] }
    return change
  }

  private static func integers(of vector: ColumnVector) -> [Int64] {
    switch vector.type.physical {
    case .int8: vector.values(as: Int8.self)[..<vector.count].map { Int64($0) }
    case .int16: vector.values(as: Int16.self)[..<vector.count].map { Int64($0) }
    case .int32: vector.values(as: Int32.self)[..<vector.count].map { Int64($0) }
    case .int64: Array(vector.values(as: Int64.self)[..<vector.count])
    case .int128, .float32, .float64, .bytes: preconditionFailure("a column that is not summed")
    }
  }
}
