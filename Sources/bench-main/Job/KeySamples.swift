import ScanKernels
import StorageBase
import Synchronization

/// Values that recently loaded rows had, for queries to ask about. Thread-safe.
final class KeySamples: Sendable {
  private struct State {
    var ring: [Row] = []
    var next = 0
  }

  /// Values of one acknowledged row, in schema order.
  typealias Row = [Value]

  private let state = Mutex(State())
  private static let capacity = 1024

  /// Remembers one row of an acknowledged batch.
  func add(_ batch: ColumnBatch) {
    guard batch.rowCount > 0 else { return }
    let row = batch.columns.map { $0[batch.rowCount / 2] }
    state.withLock { state in
      if state.ring.count < Self.capacity {
        state.ring.append(row)
      } else {
        state.ring[state.next % Self.capacity] = row
      }
      state.next += 1
    }
  }

  /// One of the rows remembered; nil before the first load.
  func pick(_ random: inout SeededGenerator) -> Row? {
    let choice = random.next()
    return state.withLock { state in
      state.ring.isEmpty ? nil : state.ring[Int(choice % UInt64(state.ring.count))]
    }
  }
}
