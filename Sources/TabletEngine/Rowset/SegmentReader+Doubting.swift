import SegmentFormat
import StorageBase
import StorageIO

extension SegmentReader {
  /// Opens a segment that may be damaged. One that looks as if a later program had written it is
  /// believed only when its footer is whole.
  /// - Throws: `StorageError.corrupt`, or `unsupportedFormat` for what a later program has written.
  convenience init(doubting file: any ReadableFile) throws {
    do {
      try self.init(file: file)
    } catch let error as StorageError {
      guard case .unsupportedFormat = error, try !SegmentReader.hasWholeFooter(file) else {
        throw error
      }
      throw StorageError.corrupt(
        file: file.path, offset: 0, what: "footer", expected: "its checksum", found: "\(error)")
    }
  }
}
