import ScanKernels
import StorageBase
import StorageIO
import TabletModel

/// Makes the fingerprint of a file from its bytes, as they come. A value.
struct FingerprintBuilder {
  /// Bytes that one step of the hash takes; the last step may have fewer.
  static let stepByteCount = 1 << 20

  private(set) var fingerprint = FileFingerprint(byteCount: 0, checksum: 0, hash: 0)

  /// - Precondition: all but the last call have `stepByteCount` bytes.
  mutating func add(_ bytes: UnsafeRawBufferPointer) {
    precondition(fingerprint.byteCount % Self.stepByteCount == 0, "steps are whole")
    fingerprint.byteCount += bytes.count
    fingerprint.checksum = crc32c(bytes, seed: fingerprint.checksum)
    fingerprint.hash = mixBits(fingerprint.hash ^ hashBytes(bytes))
  }
}

extension RowsetSegment {
  /// What tells its bytes from others. Read once, then remembered: one look at every byte.
  func fileFingerprint() throws -> FileFingerprint {
    if let known = fingerprint.withLock({ $0 }) { return known }
    let file = try openFile()
    var builder = FingerprintBuilder()
    let step = FingerprintBuilder.stepByteCount
    let count = Int(file.byteCount)
    for start in stride(from: 0, to: count, by: step) {
      let end = min(count, start + step)
      if let mapping = file.mapping {
        builder.add(UnsafeRawBufferPointer(rebasing: mapping[start..<end]))
      } else {
        try file.read(at: UInt64(start), count: end - start).withUnsafeBytes { builder.add($0) }
      }
    }
    noteFingerprint(builder.fingerprint)
    return builder.fingerprint
  }

  func noteFingerprint(_ known: FileFingerprint) { fingerprint.withLock { $0 = known } }
}

extension Rowset {
  /// - Parameter version: the last one of the compaction that the rowset is an input of.
  func fingerprint(at version: Version) throws -> RowsetFingerprint {
    var deletions: UInt64 = 0
    for (ordinal, segment) in segments.enumerated() {
      guard let deleted = segment.deletes.rows(at: version) else { continue }
      for (place, word) in deleted.bitmap.words.enumerated() where word != 0 {
        deletions = mixBits(deletions ^ mixBits(UInt64(ordinal) << 32 | UInt64(place)) ^ word)
      }
    }
    return RowsetFingerprint(
      versions: summary.versions, segments: try allSegments.map { try $0.fileFingerprint() },
      deletions: deletions)
  }
}

extension TableDefinition {
  /// Tells it from the definitions of other tables, and from its own before and after a change.
  var fingerprint: UInt64 {
    var writer = ByteWriter()
    encode(into: &writer, id: TableID(rawValue: 0))
    return writer.bytes.withUnsafeBytes { hashBytes($0) }
  }
}
