/// Exact counts of the pages read by someone.
public struct PageWork: Hashable, Sendable {
  public var pages = 0
  /// Bytes of the pages in the file, with their headers.
  public var bytesStored = 0
  /// Bytes of the payloads after decompression, which were decoded.
  public var bytesDecoded = 0
  public var rows = 0

  public init() {}

  public static func += (total: inout PageWork, part: PageWork) {
    total.pages += part.pages
    total.bytesStored += part.bytesStored
    total.bytesDecoded += part.bytesDecoded
    total.rows += part.rows
  }
}
