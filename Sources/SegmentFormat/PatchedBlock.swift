import ScanKernels
import StorageBase

/// An integer block whose outliers are stored apart: the patched form of FORMAT.md.
///
/// PFOR, after Zukowski, Heman, Nes and Boncz, "Super-Scalar RAM-CPU Cache Compression" (ICDE
/// 2006); as in NewPFD the slots of the outliers hold nothing, so unpacking has no branches.
enum PatchedBlock {
  /// Reads what follows the mark.
  static func read<T: ColumnInteger>(
    _ reader: inout ByteReader, count: Int, into target: UnsafeMutablePointer<T>
  ) throws {
    let width = try reader.read(UInt8.self, "patched block width")
    try IntegerBlock.readPacked(&reader, count: count, width: width, into: target)
    try readExceptions(&reader, count: count, into: target) { reader, exceptions, values in
      try IntegerBlock.read(&reader, count: exceptions, into: values)
    }
  }

  /// Reads positions and values of exceptions and puts them into place.
  static func readExceptions<T: BitwiseCopyable>(
    _ reader: inout ByteReader, count: Int, into target: UnsafeMutablePointer<T>,
    values readValues: (inout ByteReader, Int, UnsafeMutablePointer<T>) throws -> Void
  ) throws {
    let exceptionCount = try reader.readCount("exception count", atMost: count)
    guard exceptionCount > 0 else { return }
    let width = try reader.read(UInt8.self, "exception position width")
    try withUnsafeTemporaryAllocation(of: UInt32.self, capacity: exceptionCount) { positions in
      try withUnsafeTemporaryAllocation(of: T.self, capacity: exceptionCount) { values in
        guard let places = positions.baseAddress, let patches = values.baseAddress else { return }
        try PackedNumbers.read(
          &reader, count: exceptionCount, width: width, into: places, "exception positions")
        try readValues(&reader, exceptionCount, patches)
        for index in 0..<exceptionCount {
          guard places[index] < count else {
            throw reader.corrupt(
              "exception position", expected: "less than \(count)", found: "\(places[index])")
          }
          target[Int(places[index])] = patches[index]
        }
      }
    }
  }
}

/// Memory for the exceptions of a block being written. Not thread-safe.
final class PatchBuffers {
  let kept = ByteBuffer()
  let positions = ByteBuffer()
  let values = ByteBuffer()
}
