/// Where one term occurs, while an index is being built: a chain of slices of an arena, each
/// twice as long as the one before it up to 4 KiB, as the byte slices of Lucene's indexing chain.
/// A slice ends with the address of the next.
///
/// Without positions it holds the distance of each row from the one before. With positions each
/// occurrence is `2 * distance of rows + 1` and its position if the row is a new one, else twice
/// the distance of positions. All are varints.
struct OccurrenceChain {
  private static let linkByteCount = 8
  private static let levelMax: UInt32 = 8

  private let first: UnsafeMutableRawPointer
  private var write: UnsafeMutableRawPointer
  private var end: UnsafeMutableRawPointer
  private var level: UInt32 = 0
  private(set) var rowCount: UInt32 = 0
  private(set) var lastRow: UInt32 = 0
  private var lastPosition: UInt32 = 0

  init(_ arena: ByteArena) {
    first = arena.allocate(16)
    write = first
    end = first + Self.payloadByteCount(0)
  }

  private static func payloadByteCount(_ level: UInt32) -> Int {
    16 &<< Int(min(level, levelMax)) &- linkByteCount
  }

  /// Notes that the term is in a row, however often it is told.
  @inline(__always) mutating func append(row: UInt32, _ arena: ByteArena) {
    if rowCount > 0 && row == lastRow { return }
    appendVarint(UInt64(row &- lastRow), arena)
    lastRow = row
    rowCount &+= 1
  }

  /// Rows must ascend, and positions within one row.
  @inline(__always) mutating func append(row: UInt32, position: UInt32, _ arena: ByteArena) {
    if rowCount > 0 && row == lastRow {
      appendVarint(UInt64(position &- lastPosition) &<< 1, arena)
    } else {
      appendVarint(UInt64(row &- lastRow) &<< 1 | 1, arena)
      appendVarint(UInt64(position), arena)
      lastRow = row
      rowCount &+= 1
    }
    lastPosition = position
  }

  @inline(__always) private mutating func appendVarint(_ value: UInt64, _ arena: ByteArena) {
    var rest = value
    while rest >= 0x80 {
      append(UInt8(truncatingIfNeeded: rest) | 0x80, arena)
      rest &>>= 7
    }
    append(UInt8(truncatingIfNeeded: rest), arena)
  }

  @inline(__always) private mutating func append(_ byte: UInt8, _ arena: ByteArena) {
    if write == end { addSlice(arena) }
    write.storeBytes(of: byte, as: UInt8.self)
    write += 1
  }

  @inline(never) private mutating func addSlice(_ arena: ByteArena) {
    level += 1
    let slice = arena.allocate(Self.payloadByteCount(level) + Self.linkByteCount)
    end.storeBytes(of: slice, as: UnsafeMutableRawPointer.self)
    write = slice
    end = slice + Self.payloadByteCount(level)
  }

  /// Reads a chain from its start. The arena must outlive it.
  private struct Reader {
    var next: UnsafeMutableRawPointer
    var end: UnsafeMutableRawPointer
    let last: UnsafeMutableRawPointer
    var level: UInt32 = 0

    init(_ chain: OccurrenceChain) {
      next = chain.first
      end = chain.first + OccurrenceChain.payloadByteCount(0)
      last = chain.write
    }

    var isAtEnd: Bool { next == last }

    @inline(__always) mutating func byte() -> UInt8 {
      if next == end {
        level &+= 1
        next = end.load(as: UnsafeMutableRawPointer.self)
        end = next + OccurrenceChain.payloadByteCount(level)
      }
      defer { next += 1 }
      return next.load(as: UInt8.self)
    }

    @inline(__always) mutating func varint() -> UInt64 {
      var value: UInt64 = 0
      var shift: UInt64 = 0
      while true {
        let byte = byte()
        value |= UInt64(byte & 0x7F) &<< shift
        if byte < 0x80 { return value }
        shift &+= 7
      }
    }
  }

  /// Replaces what `postings` held by this chain; linear.
  func decode(hasPositions: Bool, into postings: PostingList) {
    postings.removeAll()
    var reader = Reader(self)
    var row: UInt32 = 0
    guard hasPositions else {
      for _ in 0..<rowCount {
        row &+= UInt32(truncatingIfNeeded: reader.varint())
        postings.append(row: row)
      }
      return
    }
    var position: UInt32 = 0
    while !reader.isAtEnd {
      let step = reader.varint()
      if step & 1 != 0 {
        row &+= UInt32(truncatingIfNeeded: step &>> 1)
        postings.append(row: row)
        position = UInt32(truncatingIfNeeded: reader.varint())
      } else {
        position &+= UInt32(truncatingIfNeeded: step &>> 1)
      }
      postings.append(position: position)
    }
  }
}
