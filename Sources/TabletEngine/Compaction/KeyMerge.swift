import ScanKernels
import SegmentFormat
import StorageBase

/// The first pass of a vertical merge: reads only the key columns of all inputs and finds out
/// from which input each output row comes (Vertical compaction of Apache Doris; the *row sources*
/// of ClickHouse's vertical merge).
///
/// A binary heap holds the inputs by their current row; the winner keeps delivering while it stays
/// ahead of the runner-up, so inputs that do not interleave cost one comparison per row.
/// Rows of equal keys come in input order. Memory: one page of keys per input.
struct KeyMerge {
  private struct Cursor {
    var position = MergeInput.Position()
    var keys = SortKeys([])
    var row = 0
  }

  private let inputs: [MergeInput]
  private let keyColumns: [Column]
  private var cursors: [Cursor]
  /// Inputs that have rows left, as a binary heap by their current row.
  private var heap: [Int] = []
  private(set) var work = PageWork()

  init(inputs: [MergeInput], schema: Schema) throws {
    precondition(inputs.count <= Limits.mergeInputCountMax)
    self.inputs = inputs
    keyColumns = Array(schema.columns[..<schema.sortKeyCount])
    cursors = inputs.map { _ in Cursor() }
    for input in inputs.indices where try load(input) { heap.append(input) }
    for index in stride(from: heap.count / 2 - 1, through: 0, by: -1) { siftDown(index) }
  }

  var isAtEnd: Bool { heap.isEmpty }

  /// The inputs of the next `count` output rows, or of all that are left.
  mutating func nextSources(_ count: Int) throws -> [UInt16] {
    var sources: [UInt16] = []
    sources.reserveCapacity(min(count, inputs.reduce(0) { $0 + $1.rowCount }))
    while sources.count < count, let winner = heap.first {
      let limit = count - sources.count
      let taken = rowsAhead(of: winner, atMost: limit)
      sources.append(contentsOf: repeatElement(UInt16(winner), count: taken))
      cursors[winner].row += taken
      if cursors[winner].row == cursors[winner].keys.rowCount {
        cursors[winner].position = inputs[winner].pageAfter(cursors[winner].position)
        if try !load(winner) {
          heap[0] = heap[heap.count - 1]
          heap.removeLast()
          if heap.isEmpty { break }
        }
      }
      siftDown(0)
    }
    return sources
  }

  /// How many rows of the winner's page sort before the current row of every other input; at
  /// least 1.
  private func rowsAhead(of winner: Int, atMost limit: Int) -> Int {
    let available = min(limit, cursors[winner].keys.rowCount - cursors[winner].row)
    guard heap.count > 1 else { return available }
    let runnerUp =
      heap.count > 2 && isBefore(heap[2], heap[1]) ? heap[2] : heap[1]
    var taken = 1
    while taken < available, isBefore(winner, offset: taken, runnerUp) { taken += 1 }
    return taken
  }

  /// Reads the keys of the page an input stands at; false at its end.
  private mutating func load(_ input: Int) throws -> Bool {
    let position = cursors[input].position
    var keys: [ColumnVector] = []
    for column in keyColumns {
      guard let page = try inputs[input].page(position, column: column, work: &work) else {
        cursors[input] = Cursor(position: position)
        return false
      }
      keys.append(page)
    }
    cursors[input] = Cursor(position: position, keys: SortKeys(keys))
    return true
  }

  private func isBefore(_ a: Int, offset: Int = 0, _ b: Int) -> Bool {
    let order = cursors[a].keys.compare(
      cursors[a].row &+ offset, cursors[b].keys, cursors[b].row)
    return order != 0 ? order < 0 : a < b
  }

  private mutating func siftDown(_ start: Int) {
    var index = start
    while true {
      var smallest = index
      for child in [2 * index + 1, 2 * index + 2] where child < heap.count {
        if isBefore(heap[child], heap[smallest]) { smallest = child }
      }
      if smallest == index { return }
      heap.swapAt(index, smallest)
      index = smallest
    }
  }
}
