import StorageBase

/// The only door to the operating system's files. Paths are absolute or relative to the process's
/// directory; every method may be called from any thread and throws `StorageError`.
///
/// What survives a crash: the bytes of a file up to its last `sync`, and the entries of a
/// directory (files created in it, linked, renamed or removed) up to its last `syncDirectory`.
public protocol FileSystem: Sendable {
  /// What has been read and written through this file system, by cause.
  var counters: IOCounters { get }

  /// Creates the directory and its parents; does nothing when it exists.
  func createDirectory(_ path: String) throws
  /// The names in a directory, sorted, without `.` and `..`.
  func listDirectory(_ path: String) throws -> [String]
  /// Whether there is a file or directory of that name.
  func exists(_ path: String) throws -> Bool
  /// Creates an empty file for writing, replacing one of that name; those who have the old one
  /// open keep reading it.
  func create(_ path: String, cause: IOCause) throws -> any WritableFile
  /// Opens an existing file for writing at its end.
  func openForAppending(_ path: String, cause: IOCause) throws -> any WritableFile
  /// Opens an existing file for reading; its length is fixed at this moment.
  func openForReading(_ path: String, cause: IOCause) throws -> any ReadableFile
  /// Atomically gives a file or directory another name, replacing the file or empty directory that
  /// had it.
  func rename(_ source: String, to target: String) throws
  /// Gives a file another name beside the one it has; both are the same file from then on, and its
  /// bytes stay until the last name is removed. Durable with the target's directory, as a creation.
  /// - Throws: `StorageError.io` with EEXIST when there is something of that name, and for file
  ///   systems that cannot: `linkOrCopy` copies then.
  func link(_ source: String, to target: String) throws
  /// Removes a file; one that is open stays readable until closed.
  func remove(_ path: String) throws
  /// Removes an empty directory.
  func removeDirectory(_ path: String) throws
  /// Makes creations, renames and removals in the directory durable.
  func syncDirectory(_ path: String, cause: IOCause) throws
  /// Takes an exclusive lock that ends with the process or with the returned object.
  /// - Throws: `StorageError.storeLocked` naming the holder as far as known.
  func lock(_ path: String) throws -> any FileLock
  /// Bytes that can still be written to the device of `path`.
  func freeByteCount(_ path: String) throws -> UInt64
}

/// A file being written, at its end only. Not thread-safe; closed when released.
public protocol WritableFile: AnyObject, Sendable {
  var path: String { get }
  /// Bytes appended so far, counting those that were there when it was opened.
  var byteCount: UInt64 { get }
  /// Appends all bytes or throws. After an error the file may hold a part of them, which
  /// `byteCount` does not count; `truncate(to: byteCount)` removes it.
  func append(_ bytes: UnsafeRawBufferPointer) throws
  /// Makes everything appended durable.
  ///
  /// After one failure every later call fails with the same error: Linux forgets the pages it could
  /// not write, so a repeated sync that succeeds would prove nothing (Rebello et al., "Can
  /// Applications Recover from fsync Failures?", USENIX ATC 2020).
  func sync() throws
  /// Cuts the file to `byteCount` bytes, and what was reserved with it; later appends go there.
  /// - Precondition: it is at most the present `byteCount`.
  func truncate(to byteCount: UInt64) throws
  /// Fills the file with zeros from its end up to `end`, which later appends write over: a sync of
  /// those finds the length of the file and the place of its blocks unchanged, and has nothing but
  /// their bytes to write. `byteCount` does not count them; whoever reads the file finds them
  /// behind its bytes until `truncate` takes them away.
  ///
  /// A failure takes nothing but room: appends go on where they would have.
  func reserve(upTo end: UInt64) throws
}

/// An immutable file being read. Thread-safe; closed when released.
public protocol ReadableFile: AnyObject, Sendable {
  var path: String { get }
  var byteCount: UInt64 { get }
  /// Fills `buffer` from `offset`, or throws when the file is too short.
  func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws
  /// The whole file in memory, when reading it that way costs no copy; valid while the object is
  /// held. Such reads are not counted as bytes read.
  var mapping: UnsafeRawBufferPointer? { get }
}

/// Held while a store is open.
public protocol FileLock: AnyObject, Sendable {}

extension WritableFile {
  public func append(_ bytes: [UInt8]) throws {
    try bytes.withUnsafeBytes { try append($0) }
  }
}

extension ReadableFile {
  /// A copy of `count` bytes from `offset`.
  public func read(at offset: UInt64, count: Int) throws -> [UInt8] {
    guard offset <= byteCount, UInt64(count) <= byteCount - offset else {
      throw StorageError.readPastEnd(
        file: path, byteCount: byteCount, offset: offset, wanted: count)
    }
    return try [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      try read(at: offset, into: UnsafeMutableRawBufferPointer(buffer))
      initialized = count
    }
  }
}
