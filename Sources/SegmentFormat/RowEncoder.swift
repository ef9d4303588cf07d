import ScanKernels
import StorageBase

/// Turns columns into the bytes of rows, some rows at a time and column by column: first how long
/// each row is, then what is in it. Its memory is reused. Not thread-safe.
final class RowEncoder {
  let layout: RowLayout
  /// By row of a chunk: bytes of its strings, then how many of them are written.
  private let textBuffer = ByteBuffer()
  private let sparse: SparseRowEncoder?

  /// Rows to encode at a time: so few that they stay in the cache while they are filled, and whole
  /// words of null flags.
  let chunkRowCount: Int
  private static let chunkValueCount = 1 << 14

  init(layout: RowLayout) {
    self.layout = layout
    sparse = layout.isDense ? nil : SparseRowEncoder(layout)
    chunkRowCount = max(64, min(1024, Self.chunkValueCount / layout.columns.count / 64 * 64))
  }

  /// Appends rows `range` of the columns to a batch, `chunkRowCount` at a time.
  /// - Parameter afterChunk: may take the rows out of the batch.
  /// - Precondition: a vector per column of the layout, of its type, without nulls where it has
  ///   none.
  /// - Throws: `StorageError.limitExceeded` for a row of more than 1 GiB.
  func encode(
    _ vectors: [ColumnVector], rows range: Range<Int>, into batch: RowBatch,
    afterChunk: () throws -> Void = {}
  ) throws {
    precondition(vectors.count == layout.columns.count, "columns that are not those of the row")
    for (column, vector) in zip(layout.columns, vectors) {
      precondition(vector.type == column.type, "\(vector.type) rows for column \(column.name)")
    }
    let vectors = vectors.map { $0.widened() }
    try withExtendedLifetime(vectors) {
      let sources = vectors.map(RowSource.init)
      for start in stride(from: range.lowerBound, to: range.upperBound, by: chunkRowCount) {
        let rows = start..<min(range.upperBound, start + chunkRowCount)
        if let sparse {
          try sparse.encode(sources, rows, into: batch)
        } else {
          try encodeDense(sources, rows, into: batch)
        }
        try afterChunk()
      }
    }
  }

  private func encodeDense(
    _ sources: [RowSource], _ rows: Range<Int>, into batch: RowBatch
  ) throws {
    let texts = textBuffer.array(of: Int.self, count: rows.count)
    texts.update(repeating: 0, count: rows.count)
    for field in layout.stringFields { sources[field].addLengths(rows, to: texts) }
    let (endsOffset, stringCount) = (layout.denseEndsOffset, layout.stringFields.count)
    var total = 0
    for row in 0..<rows.count {
      let length = endsOffset &+ stringCount &* endWidth(texts[row]) &+ texts[row]
      guard length <= Limits.pageByteCountMax else { throw rowTooLarge(length) }
      total &+= length
    }
    // Where the rows lie in the batch, and how they begin.
    var places: UnsafeMutablePointer<Int>?
    let base = batch.extend(rows: rows.count, byteCount: total) { start, starts, lengths in
      places = starts
      var place = start
      for row in 0..<rows.count {
        let length = endsOffset &+ stringCount &* endWidth(texts[row]) &+ texts[row]
        starts[row] = place
        lengths[row] = UInt32(truncatingIfNeeded: length)
        place &+= length
      }
    }
    guard let starts = places, rows.count > 0 else { return }
    let memory = base - starts[0]
    for row in 0..<rows.count {
      let place = memory + starts[row]
      let width = stringCount > 0 ? endWidth(texts[row]) : 0
      place.storeBytes(of: UInt8(truncatingIfNeeded: width), as: UInt8.self)
      for byte in 0..<layout.nullByteCount {
        place.storeBytes(of: 0, toByteOffset: 1 &+ byte, as: UInt8.self)
      }
    }
    for (field, source) in sources.enumerated() {
      let entry = layout.fields[field]
      if entry.nullBit >= 0 { source.setNulls(rows, starts, memory, bit: Int(entry.nullBit)) }
      switch entry.physical.width {
      case 0: break
      case 1: source.store(UInt8.self, rows, starts, memory + Int(entry.offset))
      case 2: source.store(UInt16.self, rows, starts, memory + Int(entry.offset))
      case 4: source.store(UInt32.self, rows, starts, memory + Int(entry.offset))
      case 8: source.store(UInt64.self, rows, starts, memory + Int(entry.offset))
      default: source.store(UInt128.self, rows, starts, memory + Int(entry.offset))
      }
    }
    texts.update(repeating: 0, count: rows.count)
    for (rank, field) in layout.stringFields.enumerated() {
      storeStrings(sources[field], rows, starts, memory, texts, rank)
    }
  }

  /// - Parameter ends: by row, bytes of the strings before; moved on.
  private func storeStrings(
    _ source: RowSource, _ rows: Range<Int>, _ starts: UnsafePointer<Int>,
    _ memory: UnsafeMutableRawPointer, _ ends: UnsafeMutablePointer<Int>, _ rank: Int
  ) {
    let (endsOffset, stringCount) = (layout.denseEndsOffset, layout.stringFields.count)
    for index in 0..<rows.count {
      let place = memory + starts[index]
      let width = Int(place.load(as: UInt8.self))
      let text = source.text(rows.lowerBound &+ index)
      copyText(text, to: place + (endsOffset &+ stringCount &* width &+ ends[index]))
      ends[index] &+= text.count
      storeEnd(ends[index], width: width, at: place + (endsOffset &+ rank &* width))
    }
  }
}

/// Bytes of the ends of strings that have so many bytes together.
@inline(__always)
func endWidth(_ textByteCount: Int) -> Int {
  textByteCount < 1 << 8 ? 1 : textByteCount < 1 << 16 ? 2 : 4
}

@inline(__always)
func storeEnd(_ end: Int, width: Int, at place: UnsafeMutableRawPointer) {
  switch width {
  case 1: place.storeBytes(of: UInt8(truncatingIfNeeded: end), as: UInt8.self)
  case 2: place.storeBytes(of: UInt16(truncatingIfNeeded: end).littleEndian, as: UInt16.self)
  default: place.storeBytes(of: UInt32(truncatingIfNeeded: end).littleEndian, as: UInt32.self)
  }
}

/// The error for a row that is longer than a page may be.
func rowTooLarge(_ byteCount: Int) -> StorageError {
  .limitExceeded(
    what: "bytes of one row of the row store", value: byteCount, limit: Limits.pageByteCountMax,
    remedy: "keep fewer columns in the row store, or shorter strings")
}
