import Glibc
import StorageBase

/// An exclusive `flock`, which the kernel gives back when the process ends, however it ends. The
/// holder's process id is written into the file, so that the refused can be told who has it.
final class PosixFileLock: FileLock {
  private let descriptor: FileDescriptor

  init(_ path: String) throws {
    descriptor = try FileDescriptor(path, O_RDWR | O_CREAT, operation: "lock")
    guard retryingInterrupts({ flock(descriptor.rawValue, LOCK_EX | LOCK_NB) }) == 0 else {
      let code = errno
      guard code == EWOULDBLOCK else { throw StorageError.system("lock", path, code: code) }
      throw StorageError.storeLocked(path: path, holder: Self.holder(descriptor))
    }
    let line = Array("\(getpid())\n".utf8)
    guard ftruncate(descriptor.rawValue, 0) == 0,
      pwrite(descriptor.rawValue, line, line.count, 0) == line.count
    else { throw StorageError.system("lock", path) }
  }

  /// What the holder wrote; it may be about to write it.
  private static func holder(_ descriptor: FileDescriptor) -> String {
    var line = [UInt8](repeating: 0, count: 20)
    let count = pread(descriptor.rawValue, &line, line.count, 0)
    let digits = String(decoding: line.prefix(max(0, count)), as: UTF8.self)
      .prefix { $0.isASCII && $0.isNumber }
    return digits.isEmpty ? "unknown process" : "process \(digits)"
  }
}
