import ScanKernels
import StorageBase

/// Walks over the dictionary in the order of the terms, a block at a time. Holds one block.
struct TermCursor {
  private let reader: InvertedIndexReader
  private var nextBlock: Int
  private var cursor: BlockCursor?
  /// The entry that `seek` found and `next` has not returned yet.
  private var isPending = false
  private var previous: [UInt8]?

  /// Before the first term.
  init(_ reader: InvertedIndexReader) {
    self.reader = reader
    nextBlock = 0
  }

  /// Before the first term that is not before `key`.
  init(_ reader: InvertedIndexReader, from key: [UInt8], work: inout IndexWork) throws {
    self.reader = reader
    nextBlock = 0
    guard let block = key.withUnsafeBytes({ reader.footer.block(of: $0) }) else { return }
    var cursor = BlockCursor(try reader.dictionaryBlock(block, work: &work))
    nextBlock = block + 1
    switch key.withUnsafeBytes({ cursor.seek($0) }) {
    case .malformed: throw reader.malformedBlock(block)
    case .entry:
      isPending = true
      self.cursor = cursor
    case .end: break
    }
  }

  /// The current term, after `next` returned true.
  var term: [UInt8] { cursor?.term ?? [] }
  var entry: TermEntry? { cursor?.entry }

  /// Advances to the next term; false at the end. Terms that do not ascend are corruption: without
  /// that check a hostile dictionary could confuse a merge.
  mutating func next(work: inout IndexWork) throws -> Bool {
    if isPending {
      isPending = false
      previous = term
      return true
    }
    while true {
      if cursor != nil {
        switch cursor?.advance() ?? .end {
        case .entry:
          if let previous, !previous.lexicographicallyPrecedes(term) {
            throw reader.malformedBlock(nextBlock - 1)
          }
          previous = term
          return true
        case .malformed: throw reader.malformedBlock(nextBlock - 1)
        case .end: cursor = nil
        }
      }
      guard nextBlock < reader.footer.blocks.count else { return false }
      cursor = BlockCursor(try reader.dictionaryBlock(nextBlock, work: &work))
      nextBlock += 1
    }
  }
}
