import ScanKernels
import SegmentFormat
import StorageBase

/// The second pass of a vertical merge, one column at a time: interleaves the inputs' values in
/// the order the key merge found, without comparing anything. Memory: one page per input, and
/// during a call those that ended in it. Not thread-safe.
///
/// Inputs interleave row by row in the worst case, so the loops work on plain pointers: one
/// cursor per input, refilled when its page ends.
final class ColumnReplay {
  /// Where an input's next value is.
  private struct Cursor {
    /// Values of a fixed-width page, or codes of a coded one.
    var values = UnsafeRawPointer(bitPattern: 64)!
    /// Offsets and bytes of a string page, or of its dictionary.
    var offsets: UnsafePointer<UInt32>?
    var bytes: UnsafeRawPointer?
    var isCoded = false
    var nulls: UnsafePointer<UInt64>?
    var row = 0
    var count = 0
  }

  private let inputs: [MergeInput]
  private let column: Column
  private let cursors: UnsafeMutableBufferPointer<Cursor>
  private var pages: [ColumnVector?]
  /// Pages that ended during the current call and are still pointed into.
  private var retired: [ColumnVector] = []
  private var starts: [MergeInput.Position]
  private(set) var work = PageWork()

  init(inputs: [MergeInput], column: Column, from positions: [MergeInput.Position]) {
    self.inputs = inputs
    self.column = column
    starts = positions
    pages = inputs.map { _ in nil }
    cursors = .allocate(capacity: inputs.count)
    cursors.initialize(repeating: Cursor())
  }

  deinit { cursors.deallocate() }

  /// Where each input stands; the same for every column once all rows have been replayed.
  var positions: [MergeInput.Position] {
    starts.indices.map { input in
      var position = starts[input]
      if pages[input] != nil { position.row = cursors[input].row }
      return position
    }
  }

  /// The values of the next rows, whose inputs are `sources`.
  func next(_ sources: UnsafeBufferPointer<UInt16>) throws -> ColumnVector {
    defer { retired.removeAll() }
    switch column.type.physical {
    case .int8: return try replay(sources, UInt8.self)
    case .int16: return try replay(sources, UInt16.self)
    case .int32, .float32: return try replay(sources, UInt32.self)
    case .int64, .float64: return try replay(sources, UInt64.self)
    case .int128: return try replay(sources, UInt128.self)
    case .bytes: return try replayStrings(sources)
    }
  }

  /// Moves an input whose page has ended to its next page.
  @inline(never)
  private func refill(_ input: Int) throws {
    if let page = pages[input] {
      retired.append(page)
      starts[input] = inputs[input].pageAfter(starts[input])
    }
    while true {
      guard let page = try inputs[input].page(starts[input], column: column, work: &work) else {
        preconditionFailure("the key merge found more rows than the input has")
      }
      if starts[input].row < page.count {
        pages[input] = page
        cursors[input] = Self.cursor(of: page, row: starts[input].row)
        return
      }
      // The rows before left off at the end of this page.
      starts[input] = inputs[input].pageAfter(starts[input])
    }
  }

  private static func cursor(of page: ColumnVector, row: Int) -> Cursor {
    var cursor = Cursor()
    cursor.row = row
    cursor.count = page.count
    cursor.nulls = page.nulls?.words.baseAddress
    switch page.body {
    case .fixed(let buffer): cursor.values = buffer.bytes.baseAddress!
    case .strings(let table):
      cursor.offsets = table.offsets.values(as: UInt32.self).baseAddress
      cursor.bytes = table.bytes.bytes.baseAddress
    case .coded(let codes, let dictionary):
      cursor.isCoded = true
      cursor.values = codes.bytes.baseAddress!
      cursor.offsets = dictionary.offsets.values(as: UInt32.self).baseAddress
      cursor.bytes = dictionary.bytes.bytes.baseAddress
    case .byteCoded, .offsets: preconditionFailure("a merge reads wide vectors")
    }
    return cursor
  }

  private func replay<T: BitwiseCopyable>(
    _ sources: UnsafeBufferPointer<UInt16>, _ type: T.Type
  ) throws -> ColumnVector {
    let buffer = AlignedBuffer(byteCount: sources.count * MemoryLayout<T>.stride)
    let output = buffer.mutableValues(as: T.self)
    var nulls: Bitmap?
    for index in sources.indices {
      let input = Int(sources[index])
      if cursors[input].row == cursors[input].count { try refill(input) }
      let row = cursors[input].row
      output[index] = cursors[input].values.loadUnaligned(
        fromByteOffset: row &* MemoryLayout<T>.stride, as: T.self)
      if let words = cursors[input].nulls { copyNull(words, row, to: &nulls, index, sources.count) }
      cursors[input].row = row &+ 1
    }
    return ColumnVector(
      type: column.type, count: sources.count, body: .fixed(buffer), nulls: nulls)
  }

  private func replayStrings(_ sources: UnsafeBufferPointer<UInt16>) throws -> ColumnVector {
    let offsets = AlignedBuffer(byteCount: (sources.count + 1) * 4)
    let ends = offsets.mutableValues(as: UInt32.self)
    ends[0] = 0
    var nulls: Bitmap?
    var total = 0
    // First where each string is, then, knowing their total length, the bytes.
    let places = UnsafeMutableBufferPointer<UnsafeRawPointer>.allocate(capacity: sources.count)
    defer { places.deallocate() }
    for index in sources.indices {
      let input = Int(sources[index])
      if cursors[input].row == cursors[input].count { try refill(input) }
      let cursor = cursors[input]
      guard let bounds = cursor.offsets, let bytes = cursor.bytes else {
        preconditionFailure("a page of strings")
      }
      let entry =
        cursor.isCoded
        ? Int(cursor.values.load(fromByteOffset: cursor.row &* 4, as: UInt32.self)) : cursor.row
      places[index] = bytes + Int(bounds[entry])
      total &+= Int(bounds[entry &+ 1] &- bounds[entry])
      ends[index &+ 1] = UInt32(truncatingIfNeeded: total)
      if let words = cursor.nulls { copyNull(words, cursor.row, to: &nulls, index, sources.count) }
      cursors[input].row = cursor.row &+ 1
    }
    guard total <= Limits.pageByteCountMax else {
      throw StorageError.limitExceeded(
        what: "bytes of one page of column \(column.name)", value: total,
        limit: Limits.pageByteCountMax, remedy: "use fewer rows per page or shorter strings")
    }
    let bytes = AlignedBuffer(byteCount: total)
    for index in sources.indices {
      let start = Int(ends[index])
      copyShort(
        places[index], to: bytes.mutableBytes.baseAddress! + start,
        count: Int(ends[index &+ 1]) &- start)
    }
    let table = StringTable(count: sources.count, offsets: offsets, bytes: bytes)
    return ColumnVector(
      type: column.type, count: sources.count, body: .strings(table), nulls: nulls)
  }

  /// Copies strings, which are mostly shorter than a vector: source and target have padding, so
  /// 16 bytes can always be moved, and what is too much is overwritten by the next string.
  @inline(__always)
  private func copyShort(_ source: UnsafeRawPointer, to target: UnsafeMutableRawPointer, count: Int)
  {
    if count <= 16 {
      target.storeBytes(
        of: source.loadUnaligned(as: SIMD2<UInt64>.self), as: SIMD2<UInt64>.self)
    } else {
      target.copyMemory(from: source, byteCount: count)
    }
  }

  @inline(__always)
  private func copyNull(
    _ words: UnsafePointer<UInt64>, _ row: Int, to nulls: inout Bitmap?, _ index: Int, _ count: Int
  ) {
    guard words[row &>> 6] &>> UInt64(row & 63) & 1 != 0 else { return }
    if nulls == nil { nulls = Bitmap(count: count) }
    nulls?.set(index)
  }
}
