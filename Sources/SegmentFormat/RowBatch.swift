import ScanKernels
import StorageBase

/// Rows of one layout, their bytes copied into one piece of memory, which is reused from use to
/// use. Not thread-safe.
public final class RowBatch {
  public let layout: RowLayout
  private let memory = ByteBuffer()
  /// By row: where it begins, and its bytes.
  private let startBuffer = ByteBuffer()
  private let lengthBuffer = ByteBuffer()
  public private(set) var count = 0

  public init(layout: RowLayout) { self.layout = layout }

  /// Bytes of all rows.
  public var byteCount: Int { memory.count }

  /// Forgets all rows and keeps the memory.
  public func removeAll() {
    count = 0
    for buffer in [memory, startBuffer, lengthBuffer] { buffer.removeAll() }
  }

  var base: UnsafeRawPointer { UnsafeRawPointer(memory.base) }
  var starts: UnsafePointer<Int> {
    UnsafePointer(startBuffer.base.assumingMemoryBound(to: Int.self))
  }
  var lengths: UnsafePointer<UInt32> {
    UnsafePointer(lengthBuffer.base.assumingMemoryBound(to: UInt32.self))
  }

  /// The bytes of a row, until the batch is changed.
  public func rowBytes(_ row: Int) -> UnsafeRawBufferPointer {
    precondition((0..<count).contains(row), "row \(row) is outside 0..<\(count)")
    return UnsafeRawBufferPointer(start: base + starts[row], count: Int(lengths[row]))
  }

  /// Lends a row.
  public func withRow<R>(_ row: Int, _ body: (RowView) throws -> R) rethrows -> R {
    try withExtendedLifetime(self) { try body(view(row)) }
  }

  /// A row, for as long as the batch is held and not changed.
  public func view(_ row: Int) -> RowView {
    guard let view = RowView(checking: rowBytes(row), layout) else {
      preconditionFailure("a batch holds rows that were checked")
    }
    return view
  }

  /// The values of a row.
  public func values(_ row: Int) -> [Value] { withRow(row) { $0.values } }

  /// Appends rows `range` of columns, which are turned into rows.
  /// - Precondition: a vector per column of the layout, of its type, without nulls where it has
  ///   none.
  /// - Throws: `StorageError.limitExceeded` for a row of more than 1 GiB.
  public func append(_ columns: [ColumnVector], rows range: Range<Int>) throws {
    try RowEncoder(layout: layout).encode(columns, rows: range, into: self)
  }

  /// Appends a copy of a row.
  /// - Precondition: the bytes are a row of a compatible layout.
  public func append(rowBytes bytes: UnsafeRawBufferPointer) {
    precondition(RowView(checking: bytes, layout) != nil, "bytes that are no row")
    append(checked: bytes)
  }

  func append(checked bytes: UnsafeRawBufferPointer) {
    guard let source = bytes.baseAddress else { return }
    extend(rows: 1, byteCount: bytes.count) { start, starts, lengths in
      starts[0] = start
      lengths[0] = UInt32(bytes.count)
    }.copyMemory(from: source, byteCount: bytes.count)
  }

  /// Makes room for more rows, whose places `body` sets, and tells where their bytes go.
  /// - Parameter body: is told how many bytes lie before the new ones.
  func extend(
    rows: Int, byteCount: Int,
    _ body: (
      _ start: Int, _ starts: UnsafeMutablePointer<Int>, _ lengths: UnsafeMutablePointer<UInt32>
    ) -> Void
  ) -> UnsafeMutableRawPointer {
    let start = memory.count
    let place = memory.extend(by: byteCount)
    body(
      start, startBuffer.extend(by: rows * 8).assumingMemoryBound(to: Int.self),
      lengthBuffer.extend(by: rows * 4).assumingMemoryBound(to: UInt32.self))
    count += rows
    return place
  }

  /// Makes places for more rows, to be filled in any order. Returns the first of them.
  func reserve(rows: Int) -> Int {
    let first = count
    _ = extend(rows: rows, byteCount: 0) { start, starts, lengths in
      starts.update(repeating: start, count: rows)
      lengths.update(repeating: 0, count: rows)
    }
    return first
  }

  /// Copies the bytes of a row to its place.
  func fill(row: Int, _ bytes: UnsafeRawBufferPointer) {
    guard let source = bytes.baseAddress else { return }
    startBuffer.base.assumingMemoryBound(to: Int.self)[row] = memory.count
    lengthBuffer.base.assumingMemoryBound(to: UInt32.self)[row] = UInt32(bytes.count)
    memory.extend(by: bytes.count).copyMemory(from: source, byteCount: bytes.count)
  }
}
