import StorageIO

/// What no durable commit can beat: a plain append and a sync of as many bytes, to one file that
/// grows.
final class DiskSync {
  private let file: any WritableFile
  private let bytes: [UInt8]
  private let clock = MonotonicClock()

  init(folder: String, byteCount: Int) throws {
    file = try PosixFileSystem().create(folder + "/raw", cause: .tool)
    bytes = [UInt8](repeating: 0x5A, count: byteCount)
  }

  deinit { do { try PosixFileSystem().remove(file.path) } catch {} }

  /// Nanoseconds of one append and sync.
  func time() throws -> UInt64 {
    let start = clock.now()
    try file.append(bytes)
    try file.sync()
    return clock.now() - start
  }

  /// The median of `count` of them.
  func median(of count: Int) throws -> UInt64 {
    try (0..<count).map { _ in try time() }.sorted()[count / 2]
  }
}
