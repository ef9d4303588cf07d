import Glibc
import StorageBase
import Synchronization

/// A file being written whose appends may tear and whose syncs may fail or be lost.
final class FaultyWritableFile: WritableFile {
  private let base: any WritableFile
  private let injector: FaultInjector
  private struct State: Sendable {
    /// Bytes appended by calls that succeeded; a torn append leaves more in `base`.
    var byteCount: UInt64
    var syncFailure: StorageError?
  }
  private let state: Mutex<State>

  init(_ base: any WritableFile, _ injector: FaultInjector) {
    self.base = base
    self.injector = injector
    state = Mutex(State(byteCount: base.byteCount))
  }

  var path: String { base.path }
  var byteCount: UInt64 { state.withLock { $0.byteCount } }

  func append(_ bytes: UnsafeRawBufferPointer) throws {
    let fault = injector.fault(for: .append, path)
    if case .error(let code) = fault { throw StorageError.system("write", path, code: code) }
    try dropTornTail()
    if case .tornWrite(let code) = fault {
      let kept = injector.takeRoom(injector.random(below: bytes.count + 1))
      try base.append(UnsafeRawBufferPointer(rebasing: bytes[..<kept]))
      throw StorageError.system("write", path, code: code)
    }
    let kept = injector.takeRoom(bytes.count)
    try base.append(UnsafeRawBufferPointer(rebasing: bytes[..<kept]))
    guard kept == bytes.count else { throw StorageError.system("write", path, code: ENOSPC) }
    state.withLock { $0.byteCount += UInt64(kept) }
  }

  func sync() throws {
    if let failure = state.withLock({ $0.syncFailure }) { throw failure }
    do {
      guard try injector.proceed(.sync, path) else { return }
      try base.sync()
    } catch let failure as StorageError {
      state.withLock { $0.syncFailure = failure }
      throw failure
    }
  }

  func truncate(to byteCount: UInt64) throws {
    precondition(byteCount <= self.byteCount, "truncating \(path) to more than it holds")
    _ = try injector.proceed(.truncate, path)
    try base.truncate(to: byteCount)
    state.withLock { $0.byteCount = byteCount }
  }

  func reserve(upTo end: UInt64) throws {
    _ = try injector.proceed(.reserve, path)
    try dropTornTail()
    try base.reserve(upTo: end)
  }

  /// The next append goes to `byteCount`, over what a torn one left.
  private func dropTornTail() throws {
    let byteCount = byteCount
    if base.byteCount > byteCount { try base.truncate(to: byteCount) }
  }
}

/// A file being read whose reads may fail, be short, or return a wrong bit.
final class FaultyReadableFile: ReadableFile {
  private let base: any ReadableFile
  private let injector: FaultInjector

  init(_ base: any ReadableFile, _ injector: FaultInjector) {
    self.base = base
    self.injector = injector
  }

  var path: String { base.path }
  var byteCount: UInt64 { base.byteCount }
  var mapping: UnsafeRawBufferPointer? { nil }

  func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws {
    let fault = injector.fault(for: .read, path)
    switch fault {
    case .error(let code), .tornWrite(let code):
      throw StorageError.system("read", path, code: code)
    case .shortRead:
      let kept = injector.random(below: max(1, buffer.count))
      throw StorageError.readPastEnd(
        file: path, byteCount: offset + UInt64(kept), offset: offset, wanted: buffer.count)
    case .bitFlip, .lostSync, nil:
      try base.read(at: offset, into: buffer)
    }
    if fault == .bitFlip, !buffer.isEmpty {
      let bit = injector.random(below: buffer.count * 8)
      buffer[bit / 8] ^= 1 << UInt8(bit % 8)
    }
  }
}
