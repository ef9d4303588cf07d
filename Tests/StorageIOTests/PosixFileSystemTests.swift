import Glibc
import StorageBase
import Testing

@testable import StorageIO

struct PosixFileSystemTests {
  /// Kernels read up to 64 bytes past the end of a buffer, which must not fault even when the
  /// file fills its last page, and the bytes there are zeros.
  @Test(arguments: [1, 63, 64, 4032, 4033, 4095, 4096, 4097, 8192])
  func mappingHasReadableSlack(byteCount: Int) throws {
    let directory = try TemporaryDirectory()
    let system = PosixFileSystem()
    let path = "\(directory.path)/file"
    try system.write([UInt8](repeating: 7, count: byteCount), to: path)
    let file = try system.openForReading(path, cause: .query)
    let mapping = try #require(file.mapping)
    #expect(mapping.count == byteCount)
    let start = try #require(mapping.baseAddress)
    let withSlack = UnsafeRawBufferPointer(start: start, count: byteCount + 64)
    #expect(withSlack.reduce(0) { $0 + Int($1) } == 7 * byteCount)
  }

  @Test func lockNamesItsHolder() throws {
    let directory = try TemporaryDirectory()
    let system = PosixFileSystem()
    let path = "\(directory.path)/LOCK"
    let lock = try system.lock(path)
    defer { withExtendedLifetime(lock) {} }
    #expect(throws: StorageError.storeLocked(path: path, holder: "process \(getpid())")) {
      _ = try system.lock(path)
    }
  }

  @Test func lockFileWithoutProcessIdIsSaid() throws {
    let directory = try TemporaryDirectory()
    let path = "\(directory.path)/LOCK"
    let lock = try PosixFileLock(path)
    defer { withExtendedLifetime(lock) {} }
    try PosixFileSystem().openForAppending(path, cause: .tool).truncate(to: 0)
    #expect(throws: StorageError.storeLocked(path: path, holder: "unknown process")) {
      _ = try PosixFileLock(path)
    }
  }

  /// `/dev/full` answers every write with ENOSPC.
  @Test func fullDeviceIsNoSpace() throws {
    let counters = IOCounters()
    let file = PosixWritableFile(
      path: "/dev/full", descriptor: try FileDescriptor("/dev/full", O_WRONLY, operation: "open"),
      byteCount: 0, counters: counters, cause: .log)
    #expect(throws: StorageError.noSpace(operation: "write", path: "/dev/full")) {
      try file.append([1, 2, 3])
    }
    #expect(file.byteCount == 0)
    #expect(counters[.log].bytesWritten == 0)
  }

  /// A pipe cannot be synced: a failure of the call, which later calls must repeat.
  @Test func failedSyncStaysFailed() throws {
    var ends: [Int32] = [0, 0]
    #expect(pipe(&ends) == 0)
    defer { close(ends[0]) }
    let descriptor = try FileDescriptor("/dev/fd/\(ends[1])", O_WRONLY, operation: "open")
    close(ends[1])
    let file = PosixWritableFile(
      path: "pipe", descriptor: descriptor, byteCount: 0, counters: IOCounters(), cause: .log)
    let first = #expect(throws: StorageError.self) { try file.sync() }
    let second = #expect(throws: StorageError.self) { try file.sync() }
    #expect(first == second)
  }

  @Test func onlyRegularFilesAreOpened() throws {
    let system = PosixFileSystem()
    #expect(throws: StorageError.self) { _ = try system.openForReading("/dev/null", cause: .tool) }
    #expect(throws: StorageError.self) {
      _ = try system.openForAppending("/dev/null", cause: .tool)
    }
  }

  @Test func errorsNameThePathAndTheCode() throws {
    let directory = try TemporaryDirectory()
    let path = "\(directory.path)/none"
    let error = #expect(throws: StorageError.self) {
      _ = try PosixFileSystem().openForReading(path, cause: .tool)
    }
    #expect(
      error?.description == "cannot open \(path): No such file or directory (errno \(ENOENT))")
  }

  @Test func parents() {
    for (path, parent) in [
      ("/a/b", "/a"), ("/a", "/"), ("a/b/", "a"), ("a", "."), ("/", "/"), ("a//b", "a"),
      (".", "."), ("//", "/"),
    ] {
      #expect(parentDirectory(of: path) == parent, "\(path)")
    }
  }

  @Test func readerIsHeldToTheLengthItOpenedWith() throws {
    let directory = try TemporaryDirectory()
    let system = PosixFileSystem()
    let path = "\(directory.path)/file"
    let writer = try system.create(path, cause: .log)
    try writer.append([1, 2, 3])
    let reader = try system.openForReading(path, cause: .query)
    try writer.append([4])
    #expect(reader.byteCount == 3)
    #expect(throws: StorageError.self) { try reader.read(at: 0, count: 4) }
    try writer.truncate(to: 1)
    #expect(throws: StorageError.self) { try reader.read(at: 0, count: 3) }
  }

  @Test func openFileLimitIsRaised() {
    let before = OpenFileLimit.current
    #expect(OpenFileLimit.raise() >= before)
    #expect(OpenFileLimit.raise() == OpenFileLimit.current)
  }

  @Test func clocksMoveForward() {
    let start = MonotonicClock().now()
    #expect(MonotonicClock().now() >= start)
    // Some day between 2020 and 2200.
    let year = CivilDate(
      daysSinceEpoch: Int(SystemClock().now().rawValue / 86_400_000_000)
    ).year
    #expect((2020...2200).contains(year))
  }
}
