/// Walks over the terms of several indexes in one order, equal terms by input: a binary heap of
/// cursors.
struct TermMerge {
  private var cursors: [TermCursor]
  /// Inputs that have terms left.
  private var heap: [Int] = []

  init(_ inputs: [InvertedIndexReader], work: inout IndexWork) throws {
    cursors = inputs.map { TermCursor($0) }
    for input in cursors.indices where try cursors[input].next(work: &work) { heap.append(input) }
    for index in stride(from: heap.count / 2 - 1, through: 0, by: -1) { siftDown(index) }
  }

  /// The input whose current term comes first; nil at the end.
  var first: Int? { heap.first }

  func term(of input: Int) -> [UInt8] { cursors[input].term }

  func entry(of input: Int) -> TermEntry? { cursors[input].entry }

  /// Moves the first input to its next term.
  mutating func advance(work: inout IndexWork) throws {
    guard let input = heap.first else { return }
    if try !cursors[input].next(work: &work) {
      heap[0] = heap[heap.count - 1]
      heap.removeLast()
    }
    siftDown(0)
  }

  private func isBefore(_ a: Int, _ b: Int) -> Bool {
    let (termA, termB) = (cursors[a].term, cursors[b].term)
    return termA == termB ? a < b : termA.lexicographicallyPrecedes(termB)
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
