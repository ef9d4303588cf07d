/// HMAC-SHA-256 (RFC 2104) under one secret. The two blocks made of the secret are hashed once, so
/// that a short value costs two more. Immutable and thread-safe.
///
/// Chosen over faster keyed hashes for tables such as SipHash: a mask of 64 bits lets different
/// values collide in large tables, and these are made against flooding, not for a digest that
/// strangers may look at for ever. What is masked here joins with what other systems mask alike.
struct KeyedHash: Sendable {
  private let inner: SHA256
  private let outer: SHA256

  static let byteCount = SHA256.digestByteCount

  init(key: [UInt8]) {
    var block = [UInt8](repeating: 0, count: SHA256.blockByteCount)
    if key.count > block.count {
      block.withUnsafeMutableBytes { block in
        key.withUnsafeBytes { SHA256().finish($0, into: block.baseAddress!) }
      }
    } else {
      block.replaceSubrange(0..<key.count, with: key)
    }
    func absorbed(_ pad: UInt8) -> SHA256 {
      var hash = SHA256()
      block.map { $0 ^ pad }.withUnsafeBytes { _ = hash.absorb($0) }
      return hash
    }
    inner = absorbed(0x36)
    outer = absorbed(0x5C)
  }

  /// Writes the 32 bytes of the code of a value to `digest`.
  func write(_ value: UnsafeRawBufferPointer, into digest: UnsafeMutableRawPointer) {
    inner.finish(value, into: digest)
    outer.finish(UnsafeRawBufferPointer(start: digest, count: Self.byteCount), into: digest)
  }
}
