import CKernels
import ScanKernels
import StorageBase

/// Codes of one or two words for the keys of some rows. Equal keys have equal codes. Of one word,
/// other keys have other codes; of two, a fingerprint under a secret, two keys among a thousand
/// million share one with a probability of about 1e-21. Immutable and thread-safe.
package struct KeyCodes: Sendable {
  /// Words of a code, 1 or 2.
  package let width: Int
  /// How many codes there are.
  package let count: Int
  let buffer: AlignedBuffer

  /// `count * width` words, those of a code one after the other; valid while the codes are held.
  package var words: UnsafeBufferPointer<UInt64> {
    UnsafeBufferPointer(rebasing: buffer.values(as: UInt64.self)[..<(count * width)])
  }
}

/// Makes the codes of the keys of one table. Immutable and thread-safe.
package struct KeyCoder: Sendable {
  /// Words of its codes: 1 for a single column of integers of at most 64 bits without nulls, whose
  /// values are their own codes, else 2.
  package let width: Int
  private let types: [PhysicalType]
  private let secret: KeySecret

  /// - Precondition: there are key columns.
  package init(keyColumns: some Collection<Column>, secret: KeySecret) {
    precondition(!keyColumns.isEmpty, "a key without columns")
    types = keyColumns.map(\.type.physical)
    self.secret = secret
    let isWord = keyColumns.allSatisfy {
      $0.type.physical.isInteger && $0.type.physical.width <= 8 && !$0.isNullable
    }
    width = isWord && keyColumns.count == 1 ? 1 : 2
  }

  /// The codes of all rows; a few nanoseconds for each row and column, and the bytes of strings
  /// (those of a dictionary once, unless it is longer than the column).
  /// - Precondition: the vectors are wide, of the types of the key columns, and as long as each
  ///   other; with codes of one word, none is null.
  package func codes(of vectors: some Collection<ColumnVector>) -> KeyCodes {
    precondition(
      vectors.map(\.type.physical) == types && vectors.allSatisfy { !$0.isNarrow },
      "vectors that are not those of the key columns")
    let count = vectors.first.map(\.count) ?? 0
    precondition(vectors.allSatisfy { $0.count == count }, "key columns of different lengths")
    let buffer = AlignedBuffer(byteCount: count * width * 8)
    if count > 0, let words = buffer.mutableValues(as: UInt64.self).baseAddress {
      if width == 1 {
        precondition(vectors.allSatisfy { $0.nulls == nil }, "a null key of a table without")
        for vector in vectors {
          ck_key_words(vector.rawValues, vector.type.physical.width, count, words)
        }
      } else {
        withUnsafePointer(to: secret.fingerprint) { secret in
          ck_key_start(secret, count, words)
          for vector in vectors { Self.fold(vector, secret, into: words) }
        }
      }
    }
    return KeyCodes(width: width, count: count, buffer: buffer)
  }

  /// The code of one key: the same as of a row of vectors. The second word is 0 in codes of one.
  /// - Precondition: the values are of the types of the key columns; with codes of one word, none
  ///   is null.
  package func code(of key: [Value]) -> (UInt64, UInt64) {
    precondition(key.count == types.count, "\(key.count) values of \(types.count) key columns")
    if width == 1 {
      guard case .integer(let integer) = key[0] else { preconditionFailure("no integer") }
      return (UInt64(truncatingIfNeeded: integer), 0)
    }
    var code = secret.fingerprint.start
    withUnsafePointer(to: secret.fingerprint) { secret in
      withUnsafeMutableBytes(of: &code) { bytes in
        guard let lanes = bytes.baseAddress?.assumingMemoryBound(to: UInt64.self) else { return }
        for (value, type) in zip(key, types) { Self.fold(value, type, secret, into: lanes) }
      }
    }
    return code
  }

  private static func fold(
    _ value: Value, _ type: PhysicalType, _ secret: UnsafePointer<ck_key_secret>,
    into lanes: UnsafeMutablePointer<UInt64>
  ) {
    switch value {
    case .null:
      var (null, zero): (UInt64, UInt64) = (1, 0)
      ck_key_fold_integers(secret, &zero, 8, &null, 1, lanes)
    case .integer(let integer) where type == .int128:
      var integer = integer
      ck_key_fold_integers(secret, &integer, 16, nil, 1, lanes)
    case .integer(let integer):
      var word = Int64(truncatingIfNeeded: integer)
      ck_key_fold_integers(secret, &word, 8, nil, 1, lanes)
    case .floating(let number):
      var number = type == .float32 ? Double(Float(number)) : number
      ck_key_fold_floating(secret, &number, 8, nil, 1, lanes)
    case .string(var text):
      text.withUTF8 { bytes in
        var offsets: (UInt32, UInt32) = (0, UInt32(bytes.count))
        var lanesOfText: (UInt64, UInt64) = (0, 0)
        withUnsafeMutableBytes(of: &lanesOfText) { words in
          let words = words.baseAddress?.assumingMemoryBound(to: UInt64.self)
          withUnsafeBytes(of: &offsets) { offsets in
            ck_key_texts(
              secret, bytes.baseAddress, offsets.baseAddress?.assumingMemoryBound(to: UInt32.self),
              nil, 1, words)
          }
          ck_key_fold_texts(secret, words, nil, 0, nil, 1, lanes)
        }
      }
    }
  }

  private static func fold(
    _ vector: ColumnVector, _ secret: UnsafePointer<ck_key_secret>,
    into lanes: UnsafeMutablePointer<UInt64>
  ) {
    let nulls = vector.nulls?.words.baseAddress
    let physical = vector.type.physical
    switch vector.body {
    case .fixed:
      let fold = physical.isInteger ? ck_key_fold_integers : ck_key_fold_floating
      fold(secret, vector.rawValues, physical.width, nulls, vector.count, lanes)
    case .strings(let table):
      let texts = fingerprints(of: table, codes: nil, count: vector.count, secret)
      ck_key_fold_texts(secret, texts.words, nil, 0, nulls, vector.count, lanes)
    case .coded(let codes, let dictionary):
      let numbers = codes.values(as: UInt32.self).baseAddress
      if dictionary.count > vector.count {
        let texts = fingerprints(of: dictionary, codes: numbers, count: vector.count, secret)
        ck_key_fold_texts(secret, texts.words, nil, 0, nulls, vector.count, lanes)
      } else {
        let texts = fingerprints(of: dictionary, codes: nil, count: dictionary.count, secret)
        ck_key_fold_texts(secret, texts.words, numbers, 4, nulls, vector.count, lanes)
      }
    case .offsets, .byteCoded: preconditionFailure("a narrow vector")
    }
  }

  private static func fingerprints(
    of table: StringTable, codes: UnsafePointer<UInt32>?, count: Int,
    _ secret: UnsafePointer<ck_key_secret>
  ) -> AlignedBuffer {
    let texts = AlignedBuffer(byteCount: count * 16)
    ck_key_texts(
      secret, table.bytes.bytes.baseAddress, table.offsets.values(as: UInt32.self).baseAddress,
      codes, count, texts.mutableValues(as: UInt64.self).baseAddress)
    return texts
  }
}

extension AlignedBuffer {
  fileprivate var words: UnsafePointer<UInt64>? { values(as: UInt64.self).baseAddress }
}

extension ColumnVector {
  /// The values of a fixed-width column.
  fileprivate var rawValues: UnsafeRawPointer? {
    guard case .fixed(let buffer) = body else { preconditionFailure("not a fixed-width column") }
    return buffer.bytes.baseAddress
  }
}
