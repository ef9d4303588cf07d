import ScanKernels
import StorageBase

/// Makes columns of bytes that somebody else holds: pieces of a file that grows, messages of a
/// queue. Not thread-safe; its memory is reused from one call to the next.
public final class RowDecoder {
  public let schema: Schema
  private let reader: any RowReader
  private let outerArrays: Bool

  /// What `decode` makes of bytes.
  public struct Decoded: Sendable {
    /// Nil when there is no row that could be taken.
    public let rows: InputRows?
    /// Ascending.
    public let rejected: [UnreadableRow]
  }

  /// Bytes that can be decoded at a time, since a column counts those of its strings in 32 bits.
  public static let byteCountMax = FileSource.batchByteCountLimit

  /// - Parameters:
  ///   - header: what the fields are called, for delimited text whose mapping says that there is a
  ///     header: the bytes are without it. A mapping without one reads as many fields as the
  ///     highest of its positions.
  ///   - path: names the input in errors.
  /// - Throws: every mistake of the mapping, as `FileSource`.
  public init(_ mapping: InputMapping, header: [String] = [], path: String) throws {
    schema = mapping.schema
    reader = try mapping.layout(header: header, path: path).makeReader()
    outerArrays = mapping.json?.hasOuterArray ?? false
  }

  /// Reads whole rows; the last may lack its line end. With `JSONDialect.hasOuterArray` the bytes
  /// are one array of rows. Linear in the bytes.
  /// - Throws: `StorageError.limitExceeded` for more than `byteCountMax` bytes.
  public func decode(_ bytes: UnsafeRawBufferPointer) throws -> Decoded {
    guard bytes.count <= Self.byteCountMax else {
      throw StorageError.limitExceeded(
        what: "bytes of rows decoded at a time", value: bytes.count, limit: Self.byteCountMax,
        remedy: "hand them over in pieces of whole rows")
    }
    guard outerArrays else { return decodeLines(bytes) }
    let lines = AlignedBuffer(byteCount: bytes.count + 1)
    var array = JSONArrayLines()
    array.rewrite(bytes, to: lines.mutableBytes)
    let length = bytes.count + array.finish(lines.mutableBytes, at: bytes.count)
    return decodeLines(UnsafeRawBufferPointer(rebasing: lines.bytes[..<length]))
  }

  private func decodeLines(_ bytes: UnsafeRawBufferPointer) -> Decoded {
    var rejected: [UnreadableRow] = []
    reader.begin(bytes)
    while !reader.isAtEnd {
      reader.read(maxRows: .max)
      rejected += reader.takeRejected()
    }
    return Decoded(rows: reader.finish(), rejected: rejected)
  }
}
