import ScanKernels
import StorageBase

/// The texts of a column as addresses, so that a loop over rows counts no references. Valid while
/// the column is held, which the lanes do.
struct TextLanes {
  private let vector: ColumnVector
  private let offsets: UnsafePointer<UInt32>
  private let bytes: UnsafeRawPointer
  /// Nil where each row has its own text.
  private let codes: UnsafePointer<UInt32>?

  /// - Precondition: the column is of type string.
  init(_ column: ColumnVector) {
    vector = column.widened()
    let table: StringTable
    switch vector.body {
    case .strings(let strings):
      table = strings
      codes = nil
    case .coded(let numbers, let dictionary):
      table = dictionary
      codes = numbers.values(as: UInt32.self).baseAddress
    case .fixed, .offsets, .byteCoded: preconditionFailure("no texts in a \(column.type)")
    }
    guard let offsets = table.offsets.values(as: UInt32.self).baseAddress,
      let bytes = table.bytes.bytes.baseAddress
    else { preconditionFailure("buffers have addresses") }
    self.offsets = offsets
    self.bytes = bytes
  }

  @inline(__always) subscript(row: Int) -> UnsafeRawBufferPointer {
    let index = codes.map { Int($0[row]) } ?? row
    let start = Int(offsets[index])
    return UnsafeRawBufferPointer(
      start: bytes + start, count: Int(offsets[index &+ 1]) &- start)
  }
}
