/// How the values of a column are made unreadable. Nulls stay null; all but `keep` and `replace`
/// take any type, as a text; the column is a text afterwards.
public struct MaskingRule: Hashable, Sendable {
  public enum Method: Hashable, Sendable {
    /// So many characters (Unicode scalars) of each end stay, an asterisk takes the place of each
    /// other one: `138****5678`. Of a value that is not longer than both ends nothing stays.
    case keep(prefix: Int, suffix: Int)
    /// The first half of the HMAC-SHA-256 under the secret of that name, as 32 hexadecimal digits:
    /// equal values stay equal, so that masked columns can be joined and counted.
    case hash(key: String)
    /// What a cipher makes of it, in hexadecimal digits; who has the secret can read it.
    case encrypt(cipher: String)
    /// This text, whatever the value is.
    case replace(String)
  }

  public var column: String
  public var method: Method

  public init(_ column: String, _ method: Method) {
    self.column = column
    self.method = method
  }
}

/// Encrypts single values, so that who has the secret gets them back. Deterministic where equal
/// values shall stay equal. Implemented outside, since ciphers bring libraries along.
public protocol ValueCipher: Sendable {
  /// Appends the encrypted bytes of a value to `output`.
  /// - Throws: what ends the stream.
  func encrypt(_ value: UnsafeRawBufferPointer, into output: inout [UInt8]) throws
}
