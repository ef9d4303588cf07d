import ScanKernels
import SegmentFormat
import StorageBase

/// The second pass of a vertical merge, one column at a time: interleaves the inputs' values in
/// the order the key merge found, without comparing anything. Memory: one page per input, and
/// during a call those that ended in it. Not thread-safe.
///
/// Inputs interleave row by row in the worst case, so the loops work on plain pointers: one
/// cursor per input, refilled when its page ends. Where they do not, runs of rows are copied whole.
/// Strings that are codes in all inputs stay codes, of a dictionary that holds those of the inputs.
final class ColumnReplay {
  /// Where an input's next value is.
  struct Cursor {
    /// Values of a fixed-width page, or codes of a coded one.
    var values = UnsafeRawPointer(bitPattern: 64)!
    /// Offsets and bytes of a string page, or of its dictionary.
    var offsets: UnsafePointer<UInt32>?
    var bytes: UnsafeRawPointer?
    var isCoded = false
    /// By code of the page: the code of the output; once it is needed.
    var mapping: UnsafePointer<UInt32>?
    var nulls: UnsafePointer<UInt64>?
    var row = 0
    var count = 0
  }

  private let inputs: [MergeInput]
  let column: Column
  let cursors: UnsafeMutableBufferPointer<Cursor>
  var pages: [ColumnVector?]
  /// Pages that ended during the current call and are still pointed into.
  private var retired: [ColumnVector] = []
  private var starts: [MergeInput.Position]
  /// By input, of the segment it stands in: the new values that rows get.
  private var patches: [(segment: Int, patch: ColumnPatch?)]
  let union = CodeUnion()
  private(set) var work = PageWork()
  /// What is left to pass over in the current call.
  private var skips: ArraySlice<MergeOrder.Skip> = []
  private var origin = 0

  /// Rows of an average run from which on runs are copied whole.
  private static let runRowCountMin = 8

  init(inputs: [MergeInput], column: Column, from positions: [MergeInput.Position]) {
    self.inputs = inputs
    self.column = column
    starts = positions
    pages = inputs.map { _ in nil }
    patches = inputs.map { _ in (-1, nil) }
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
  /// - Parameter skips: rows of inputs that are passed over, each before a row of `sources` that is
  ///   counted from `origin`.
  func next(
    _ sources: UnsafeBufferPointer<UInt16>, skips: ArraySlice<MergeOrder.Skip> = [],
    origin: Int = 0
  ) throws -> ColumnVector {
    defer { retired.removeAll() }
    self.skips = skips
    self.origin = origin
    switch column.type.physical {
    case .int8: return try replay(sources, UInt8.self)
    case .int16: return try replay(sources, UInt16.self)
    case .int32, .float32: return try replay(sources, UInt32.self)
    case .int64, .float64: return try replay(sources, UInt64.self)
    case .int128: return try replay(sources, UInt128.self)
    case .bytes:
      let isCoded = pages.allSatisfy { page in
        guard let page, case .strings = page.body else { return true }
        return false
      }
      return isCoded ? try replayCodes(sources) : try replayStrings(sources)
    }
  }

  /// Passes over what comes before row `index` of the current call, and says up to which row
  /// nothing more does.
  @inline(never)
  func passOver(before index: Int) throws -> Int {
    while let skip = skips.first, skip.before - origin <= index {
      skips.removeFirst()
      let input = Int(skip.input)
      var left = skip.count
      while left > 0 {
        if cursors[input].row == cursors[input].count { try refill(input) }
        let step = min(left, cursors[input].count - cursors[input].row)
        cursors[input].row += step
        left -= step
      }
    }
    return skips.first.map { $0.before - origin } ?? .max
  }

  /// Moves an input whose page has ended to its next page.
  @inline(never)
  func refill(_ input: Int) throws {
    if let page = pages[input] {
      retired.append(page)
      starts[input] = inputs[input].pageAfter(starts[input])
    }
    while true {
      guard let page = try inputs[input].page(starts[input], column: column, work: &work) else {
        preconditionFailure("the key merge found more rows than the input has")
      }
      if starts[input].row < page.count {
        let patched = try patched(page, input)
        pages[input] = patched
        cursors[input] = Self.cursor(of: patched, row: starts[input].row)
        return
      }
      // The rows before left off at the end of this page.
      starts[input] = inputs[input].pageAfter(starts[input])
    }
  }

  /// The page at which an input stands, with the new values in their places.
  private func patched(_ page: ColumnVector, _ input: Int) throws -> ColumnVector {
    let place = starts[input]
    guard let patched = inputs[input].patchedRows(ofSegment: place.segment) else { return page }
    if patches[input].segment != place.segment {
      patches[input] = (place.segment, try patched.patchOnce(of: column))
    }
    let rows = inputs[input].segments[place.segment].rowRange(ofPage: place.page)
    return patches[input].patch?.applied(to: page, rows: rows) ?? page
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
    let hasRuns = Self.hasRuns(sources)
    var index = 0
    var stretchEnd = 0
    while index < sources.count {
      if index >= stretchEnd { stretchEnd = try passOver(before: index) }
      let input = Int(sources[index])
      if cursors[input].row == cursors[input].count { try refill(input) }
      let row = cursors[input].row
      let count = hasRuns ? min(stretchEnd &- index, runLength(sources, from: index)) : 1
      let source = cursors[input].values + row &* MemoryLayout<T>.stride
      if count == 1 {
        output[index] = source.loadUnaligned(as: T.self)
      } else {
        UnsafeMutableRawPointer(output.baseAddress! + index).copyMemory(
          from: source, byteCount: count &* MemoryLayout<T>.stride)
      }
      if let words = cursors[input].nulls {
        for offset in 0..<count {
          copyNull(words, row &+ offset, to: &nulls, index &+ offset, sources.count)
        }
      }
      cursors[input].row = row &+ count
      index &+= count
    }
    return ColumnVector(
      type: column.type, count: sources.count, body: .fixed(buffer), nulls: nulls)
  }

  /// Whether the inputs take turns so seldom that looking for runs is worth it.
  private static func hasRuns(_ sources: UnsafeBufferPointer<UInt16>) -> Bool {
    var changes = 1
    for index in 1..<max(1, sources.count) {
      changes &+= sources[index] != sources[index &- 1] ? 1 : 0
    }
    return changes &* runRowCountMin <= sources.count
  }

  /// How many rows from `index` on come from one page of one input.
  private func runLength(_ sources: UnsafeBufferPointer<UInt16>, from index: Int) -> Int {
    let source = sources[index]
    let cursor = cursors[Int(source)]
    let limit = min(sources.count, index &+ cursor.count &- cursor.row)
    var end = index &+ 1
    while end < limit, sources[end] == source { end &+= 1 }
    return end &- index
  }

  @inline(__always)
  func copyNull(
    _ words: UnsafePointer<UInt64>, _ row: Int, to nulls: inout Bitmap?, _ index: Int, _ count: Int
  ) {
    guard words[row &>> 6] &>> UInt64(row & 63) & 1 != 0 else { return }
    if nulls == nil { nulls = Bitmap(count: count) }
    nulls?.set(index)
  }
}
