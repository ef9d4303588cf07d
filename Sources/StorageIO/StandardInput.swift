import Glibc
import StorageBase

/// What another program writes to this one. Not thread-safe.
public final class StandardInput {
  /// Whether the other side has closed it, and everything has been read.
  public private(set) var hasEnded = false
  private let descriptor: Int32

  /// - Parameter descriptor: of a pipe or terminal; that of the process unless told.
  public init(descriptor: Int32 = STDIN_FILENO) { self.descriptor = descriptor }

  /// Fills a part of the buffer with what there is.
  /// - Parameter milliseconds: how long it waits for something to come.
  /// - Returns: how many bytes; 0 when none came, or it has ended.
  /// - Throws: `StorageError.io`.
  public func read(
    into buffer: UnsafeMutableRawBufferPointer, waitingAtMost milliseconds: Int32
  ) throws -> Int {
    guard !hasEnded, !buffer.isEmpty else { return 0 }
    var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard retryingInterrupts({ poll(&request, 1, milliseconds) }) > 0 else { return 0 }
    let count = retryingInterrupts { Glibc.read(descriptor, buffer.baseAddress, buffer.count) }
    guard count >= 0 else { throw StorageError.system("read", "standard input") }
    if count == 0 { hasEnded = true }
    return count
  }
}
