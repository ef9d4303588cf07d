import ScanKernels
import StorageBase

/// Encodes sparse rows, some at a time and column by column. Not thread-safe.
final class SparseRowEncoder {
  private let layout: RowLayout
  private let slots: SparseSlots
  /// The fields in the order of their slots, which is that of the bytes of a row.
  private let order: [Int]
  /// By field: a word per 64 rows, of the rows in which it is present.
  private let presenceBuffer = ByteBuffer()
  /// By row: the words of its groups, the bytes of its strings, and where the next value goes, the
  /// next end, the next string.
  private let wordBuffer = ByteBuffer()
  private let textBuffer = ByteBuffer()
  private let valueBuffer = ByteBuffer()
  private let endBuffer = ByteBuffer()
  private let stringBuffer = ByteBuffer()

  init(_ layout: RowLayout) {
    self.layout = layout
    slots = layout.slots
    order = layout.slots.field.filter { $0 >= 0 }.map(Int.init)
  }

  func encode(_ sources: [RowSource], _ rows: Range<Int>, into batch: RowBatch) throws {
    let count = rows.count
    let stride = count.ceilingDivision(by: 64)
    let presence = presenceBuffer.array(of: UInt64.self, count: sources.count * stride)
    let words = wordBuffer.array(of: UInt64.self, count: count * slots.groupCount)
    let texts = textBuffer.array(of: Int.self, count: count)
    words.update(repeating: 0, count: count * slots.groupCount)
    texts.update(repeating: 0, count: count)
    for field in sources.indices {
      mark(sources[field], field, rows, presence + field * stride, words, texts)
    }
    try place(count, words, texts, in: batch)
    for field in order {
      store(sources[field], field, rows, UnsafePointer(presence + field * stride), batch)
    }
  }

  /// Finds the rows in which a column is present.
  private func mark(
    _ source: RowSource, _ field: Int, _ rows: Range<Int>,
    _ presence: UnsafeMutablePointer<UInt64>, _ words: UnsafeMutablePointer<UInt64>,
    _ texts: UnsafeMutablePointer<Int>
  ) {
    let (group, bit) = (slots.slot[field] >> 6, UInt64(1) << UInt64(slots.slot[field] & 63))
    let (groupCount, width) = (slots.groupCount, slots.width[group])
    for first in Swift.stride(from: 0, to: rows.count, by: 64) {
      let word = source.presence(
        at: rows.lowerBound + first, count: min(64, rows.count - first),
        isNullable: layout.columns[field].isNullable, width: width)
      presence[first / 64] = word
      var rest = word
      while rest != 0 {
        let row = first &+ rest.trailingZeroBitCount
        rest &= rest &- 1
        words[row &* groupCount &+ group] |= bit
        if width == 0 { texts[row] &+= source.text(rows.lowerBound &+ row).count }
      }
    }
  }

  /// Makes room for the rows, writes their flags, and notes where values, ends and strings begin.
  private func place(
    _ count: Int, _ words: UnsafePointer<UInt64>, _ texts: UnsafePointer<Int>, in batch: RowBatch
  ) throws {
    let values = valueBuffer.array(of: UnsafeMutableRawPointer.self, count: count)
    let ends = endBuffer.array(of: UnsafeMutableRawPointer.self, count: count)
    let strings = stringBuffer.array(of: UnsafeMutableRawPointer.self, count: count)
    var sizes = [RowSize](repeating: RowSize(), count: count)
    var total = 0
    for row in 0..<count {
      sizes[row] = size(words + row * slots.groupCount, text: texts[row])
      guard sizes[row].byteCount <= Limits.pageByteCountMax else {
        throw rowTooLarge(sizes[row].byteCount)
      }
      total += sizes[row].byteCount
    }
    var place = batch.extend(rows: count, byteCount: total) { start, starts, lengths in
      var next = start
      for row in 0..<count {
        starts[row] = next
        lengths[row] = UInt32(sizes[row].byteCount)
        next += sizes[row].byteCount
      }
    }
    for row in 0..<count {
      let size = sizes[row]
      place.storeBytes(of: UInt8(size.endWidth), as: UInt8.self)
      storeFlags(words + row * slots.groupCount, at: place + 1)
      values[row] = place + size.valuesOffset
      ends[row] = place + size.endsOffset
      strings[row] = place + (size.byteCount - texts[row])
      place += size.byteCount
    }
  }

  private struct RowSize {
    var endWidth = 0
    var valuesOffset = 0
    var endsOffset = 0
    var byteCount = 0
  }

  private func size(_ words: UnsafePointer<UInt64>, text: Int) -> RowSize {
    var (groups, values, strings) = (0, 0, 0)
    for group in 0..<slots.groupCount {
      let present = words[group].nonzeroBitCount
      groups &+= present == 0 ? 0 : 1
      values &+= present &* slots.width[group]
      strings &+= slots.width[group] == 0 ? present : 0
    }
    var size = RowSize()
    size.endWidth = strings == 0 ? 0 : endWidth(text)
    size.valuesOffset = 1 + slots.topByteCount + 8 * groups
    size.endsOffset = size.valuesOffset + values
    size.byteCount = size.endsOffset + strings * size.endWidth + text
    return size
  }

  private func storeFlags(_ words: UnsafePointer<UInt64>, at place: UnsafeMutableRawPointer) {
    var next = place + slots.topByteCount
    for byte in 0..<slots.topByteCount {
      var flags: UInt8 = 0
      for bit in 0..<8 {
        let group = byte &* 8 &+ bit
        guard group < slots.groupCount, words[group] != 0 else { continue }
        flags |= 1 &<< UInt8(truncatingIfNeeded: bit)
        next.storeBytes(of: words[group].littleEndian, as: UInt64.self)
        next += 8
      }
      place.storeBytes(of: flags, toByteOffset: byte, as: UInt8.self)
    }
  }

  /// Stores a column into the rows that have it.
  private func store(
    _ source: RowSource, _ field: Int, _ rows: Range<Int>, _ presence: UnsafePointer<UInt64>,
    _ batch: RowBatch
  ) {
    switch slots.width[slots.slot[field] >> 6] {
    case 0: storeStrings(source, rows, presence, batch)
    case 1: storeValues(source, rows, presence, UInt8.self)
    case 2: storeValues(source, rows, presence, UInt16.self)
    case 4: storeValues(source, rows, presence, UInt32.self)
    case 8: storeValues(source, rows, presence, UInt64.self)
    default: storeValues(source, rows, presence, UInt128.self)
    }
  }

  @inline(__always)
  private func forEachRow(
    _ count: Int, _ presence: UnsafePointer<UInt64>, _ body: (Int) -> Void
  ) {
    for first in Swift.stride(from: 0, to: count, by: 64) {
      var rest = presence[first / 64]
      while rest != 0 {
        body(first &+ rest.trailingZeroBitCount)
        rest &= rest &- 1
      }
    }
  }

  @inline(__always)
  private func storeValues<T: FixedWidthInteger & BitwiseCopyable>(
    _ source: RowSource, _ rows: Range<Int>, _ presence: UnsafePointer<UInt64>, _ type: T.Type
  ) {
    let places = valueBuffer.base.assumingMemoryBound(to: UnsafeMutableRawPointer.self)
    forEachRow(rows.count, presence) { row in
      let value = source.value(rows.lowerBound &+ row, T.self)
      places[row].storeBytes(of: value.littleEndian, as: T.self)
      places[row] += MemoryLayout<T>.size
    }
  }

  private func storeStrings(
    _ source: RowSource, _ rows: Range<Int>, _ presence: UnsafePointer<UInt64>, _ batch: RowBatch
  ) {
    let ends = endBuffer.base.assumingMemoryBound(to: UnsafeMutableRawPointer.self)
    let strings = stringBuffer.base.assumingMemoryBound(to: UnsafeMutableRawPointer.self)
    let texts = textBuffer.base.assumingMemoryBound(to: Int.self)
    let (base, firstRow) = (batch.base, batch.count - rows.count)
    forEachRow(rows.count, presence) { row in
      let text = source.text(rows.lowerBound &+ row)
      copyText(text, to: strings[row])
      strings[row] += text.count
      // What is left of the row is the strings not yet stored.
      let index = firstRow &+ row
      let rowEnd = batch.starts[index] &+ Int(batch.lengths[index])
      let rest = rowEnd &- (UnsafeRawPointer(strings[row]) - base)
      let width = endWidth(texts[row])
      storeEnd(texts[row] &- rest, width: width, at: ends[row])
      ends[row] += width
    }
  }
}
