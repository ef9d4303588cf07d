import Glibc
import StorageBase

extension FileSystem {
  /// Bytes copied at a time.
  private static var copyByteCount: Int { 1 << 20 }

  /// Copies a file and syncs the copy; its name is durable with the target's directory. What a
  /// failure leaves under the target's name is a part of the file.
  ///
  /// - Parameter step: told after each piece how many bytes it had; what it throws ends the copy.
  public func copy(
    _ source: String, to target: String, cause: IOCause, step: (Int) throws -> Void = { _ in }
  ) throws {
    let input = try openForReading(source, cause: cause)
    let output = try create(target, cause: cause)
    var offset: UInt64 = 0
    while offset < input.byteCount {
      let count = Int(min(UInt64(Self.copyByteCount), input.byteCount - offset))
      try output.append(input.read(at: offset, count: count))
      offset += UInt64(count)
      try step(count)
    }
    try output.sync()
  }

  /// Gives a file another name, or copies it when the target is on another device, the file system
  /// has no links, or the file has as many names as it can.
  ///
  /// - Precondition: nobody writes to the file any more, or both names are to see what is written.
  /// - Returns: whether it is a link.
  public func linkOrCopy(_ source: String, to target: String, cause: IOCause) throws -> Bool {
    do {
      try link(source, to: target)
      return true
    } catch StorageError.io(_, _, let code, _)
      where [EXDEV, EPERM, EMLINK, EOPNOTSUPP, ENOSYS].contains(code)
    {
      try copy(source, to: target, cause: cause)
      return false
    }
  }
}
