import Glibc
import StorageBase

/// A stream socket on which messages go, each with its length before it. Not thread-safe; closed
/// when released.
final class SocketConnection {
  /// Bytes of a message at most; more are hostile.
  static let messageByteCountMax = 16 << 20

  private let descriptor: Int32
  private let name: String

  /// Takes over an open socket.
  init(taking descriptor: Int32, name: String) {
    self.descriptor = descriptor
    self.name = name
  }

  /// - Parameter seconds: how long connecting, and each step of reading and writing, may take.
  /// - Throws: `StorageError.io` when nobody listens at `path`.
  convenience init(connectingTo path: String, seconds: Double) throws {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw StorageError.system("open a socket", path) }
    self.init(taking: descriptor, name: path)
    try limit(seconds)
    var address = try unixAddress(path)
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard result == 0 else { throw StorageError.system("connect to", path) }
  }

  deinit { close(descriptor) }

  /// Lets each step of reading and writing fail after so long.
  func limit(_ seconds: Double) throws {
    let whole = Int(seconds)
    var time = timeval(tv_sec: whole, tv_usec: Int((seconds - Double(whole)) * 1e6))
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
      let size = socklen_t(MemoryLayout<timeval>.size)
      guard setsockopt(descriptor, SOL_SOCKET, option, &time, size) == 0 else {
        throw StorageError.system("limit the time of", name)
      }
    }
  }

  func send(_ message: [UInt8]) throws {
    var writer = ByteWriter()
    writer.append(UInt32(message.count))
    try writer.bytes.withUnsafeBytes { try sendAll($0) }
    try message.withUnsafeBytes { try sendAll($0) }
  }

  /// - Returns: nil when the other side has closed the connection between two messages.
  /// - Throws: `StorageError.io`, and `StorageError.corrupt` for a message that is too long.
  func receive() throws -> [UInt8]? {
    var head = [UInt8](repeating: 0, count: 4)
    guard try head.withUnsafeMutableBytes({ try receiveAll($0) }) else { return nil }
    let count = head.withUnsafeBytes { $0.loadUnaligned(as: UInt32.self).littleEndian }
    guard count <= UInt32(Self.messageByteCountMax) else {
      throw StorageError.corrupt(
        file: name, offset: 0, what: "length of a message",
        expected: "at most \(Self.messageByteCountMax) bytes", found: "\(count)")
    }
    var message = [UInt8](repeating: 0, count: Int(count))
    guard try message.withUnsafeMutableBytes({ try receiveAll($0) }) || count == 0 else {
      throw StorageError.system("read all of a message from", name, code: ECONNRESET)
    }
    return message
  }

  private func sendAll(_ bytes: UnsafeRawBufferPointer) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let part = UnsafeRawBufferPointer(rebasing: rest)
      let count = Glibc.send(descriptor, part.baseAddress, part.count, Int32(MSG_NOSIGNAL))
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw StorageError.system("write to", name) }
      rest = rest.dropFirst(count)
    }
  }

  /// - Returns: false when the other side has closed the connection before the first byte.
  private func receiveAll(_ buffer: UnsafeMutableRawBufferPointer) throws -> Bool {
    var filled = 0
    while filled < buffer.count {
      let part = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
      let count = recv(descriptor, part.baseAddress, part.count, 0)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw StorageError.system("read from", name) }
      if count == 0 {
        guard filled == 0 else {
          throw StorageError.system("read all of a message from", name, code: ECONNRESET)
        }
        return false
      }
      filled += count
    }
    return true
  }
}

/// - Throws: `StorageError.invalidArgument` for a path that is too long for a socket.
func unixAddress(_ path: String) throws -> sockaddr_un {
  var address = sockaddr_un()
  address.sun_family = sa_family_t(AF_UNIX)
  let room = MemoryLayout.size(ofValue: address.sun_path)
  guard path.utf8.count < room else {
    throw StorageError.invalidArgument(
      name: "socket", value: path, reason: "a path of at most \(room - 1) bytes")
  }
  withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
  return address
}
