#if Crypto
  import Crypto
  import StorageBase
  import StreamTransforms

  /// Encrypts values by AES-256-GCM, so that who has the secret can read them. Equal values become
  /// equal texts: the nonce is the beginning of the HMAC-SHA-256 of the value under a key of its
  /// own, as in synthetic initialisation vectors (RFC 5297). Immutable and thread-safe.
  ///
  /// What it tells those who do not have the secret: which values are equal, also of other columns
  /// under the same secret, and how long they are. Who could guess values and have them encrypted
  /// would recognise them. Two values that differ have the same nonce with a chance of n^2 / 2^97
  /// for n values, 2^-33 for four thousand million; these two would then tell their difference.
  ///
  /// A value is 12 bytes of nonce, its own bytes encrypted, and 16 bytes by which a change is
  /// noticed. The two keys are HKDF-SHA-256 of the secret, without a salt, for `sediment mask
  /// encryption` and `sediment mask nonce`.
  public struct AESCipher: ValueCipher {
    private static let nonceByteCount = 12
    private let encryption: SymmetricKey
    private let nonces: SymmetricKey

    /// - Parameter secret: at least 16 bytes that nobody can guess.
    public init(secret: [UInt8]) {
      precondition(secret.count >= 16, "a secret of at least 16 bytes")
      func key(for use: String) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(
          inputKeyMaterial: SymmetricKey(data: secret), info: Array("sediment mask \(use)".utf8),
          outputByteCount: 32)
      }
      encryption = key(for: "encryption")
      nonces = key(for: "nonce")
    }

    public func encrypt(_ value: UnsafeRawBufferPointer, into output: inout [UInt8]) throws {
      let code = HMAC<SHA256>.authenticationCode(for: value, using: nonces)
      let nonce = try AES.GCM.Nonce(data: Array(code)[..<Self.nonceByteCount])
      let box = try AES.GCM.seal(value, using: encryption, nonce: nonce)
      output += nonce
      output += box.ciphertext
      output += box.tag
    }

    /// The value of which `encrypt` made these bytes.
    /// - Throws: `StorageError.invalidArgument` for bytes that it did not make, or under another
    ///   secret.
    public func decrypt(_ bytes: [UInt8]) throws -> [UInt8] {
      do {
        return Array(try AES.GCM.open(AES.GCM.SealedBox(combined: bytes), using: encryption))
      } catch {
        throw StorageError.invalidArgument(
          name: "encrypted value", value: "\(bytes.count) bytes",
          reason: "it was not made under this secret, or has changed since")
      }
    }
  }
#endif
