import ScanKernels
import StorageBase

/// Makes columns unreadable.
struct MaskingTransform: RowTransform {
  enum Method {
    case keep(prefix: Int, suffix: Int)
    case hash(KeyedHash)
    case encrypt(any ValueCipher)
    case replace(String)
  }

  let masks: [(place: Int, method: Method)]
  let outputSchema: Schema
  var counters: StepCounters

  mutating func apply(
    _ batch: StreamBatch, at now: Timestamp, rejected: inout [RejectedRow]
  ) throws -> StreamBatch {
    var columns = batch.rows.columns
    for mask in masks {
      columns[mask.place] = try Self.masked(columns[mask.place].asText, mask.method)
    }
    return RowFate(batch).remaining(columns, outputSchema, &counters)
  }

  private static func masked(_ vector: ColumnVector, _ method: Method) throws -> ColumnVector {
    switch method {
    case .keep(let prefix, let suffix):
      let texts = TextLanes(vector)
      return vector.mapped(
        longest: { texts[$0].count },
        { keep(texts[$0], prefix: prefix, suffix: suffix, into: $1) })
    case .hash(let hash):
      let texts = TextLanes(vector)
      return withUnsafeTemporaryAllocation(byteCount: KeyedHash.byteCount, alignment: 8) { digest in
        vector.mapped(longest: KeyedHash.byteCount) { row, target in
          hash.write(texts[row], into: digest.baseAddress!)
          let half = UnsafeRawBufferPointer(rebasing: digest[..<(KeyedHash.byteCount / 2)])
          return HexDigits.write(half, to: target)
        }
      }
    case .encrypt(let cipher): return try encrypted(vector, cipher)
    case .replace(let text):
      return ColumnVector.constant(.string(text), type: .string, count: vector.count)
        .with(moreNulls: vector.nulls)
    }
  }

  private static func encrypted(
    _ vector: ColumnVector, _ cipher: any ValueCipher
  ) throws -> ColumnVector {
    let builder = ColumnBuilder(type: .string, capacity: vector.count)
    var (output, digits): ([UInt8], [UInt8]) = ([], [])
    for row in 0..<vector.count {
      if vector.isNull(row) {
        builder.appendNull()
        continue
      }
      output.removeAll(keepingCapacity: true)
      try cipher.encrypt(vector.bytes(at: row), into: &output)
      digits.removeAll(keepingCapacity: true)
      digits.append(contentsOf: repeatElement(0, count: output.count * 2))
      digits.withUnsafeMutableBufferPointer { digits in
        output.withUnsafeBytes { bytes in
          if let target = digits.baseAddress { _ = HexDigits.write(bytes, to: target) }
        }
      }
      digits.withUnsafeBytes { builder.append(bytes: $0) }
    }
    return builder.finish()
  }

  private static func keep(
    _ bytes: UnsafeRawBufferPointer, prefix: Int, suffix: Int,
    into target: UnsafeMutablePointer<UInt8>
  ) -> Int {
    let count = TextParts.scalarCount(bytes)
    let isShort = count <= prefix + suffix
    let (first, last) = isShort ? (0, count) : (prefix, count - suffix)
    var (position, length) = (-1, 0)
    for byte in bytes {
      let isStart = byte & 0xC0 != 0x80
      if isStart { position += 1 }
      if position < first || position >= last {
        target[length] = byte
        length += 1
      } else if isStart {
        target[length] = UInt8(ascii: "*")
        length += 1
      }
    }
    return length
  }
}

/// Bytes as lower-case hexadecimal digits.
enum HexDigits {
  private static let digits: StaticString = "0123456789abcdef"

  /// Returns how many digits were written.
  static func write(
    _ bytes: UnsafeRawBufferPointer, to target: UnsafeMutablePointer<UInt8>
  ) -> Int {
    let digits = Self.digits.utf8Start
    for index in 0..<bytes.count {
      target[index * 2] = digits[Int(bytes[index] >> 4)]
      target[index * 2 + 1] = digits[Int(bytes[index] & 15)]
    }
    return bytes.count * 2
  }
}

extension StepBinder {
  /// Bytes that a secret has at least.
  private static let keyByteCountMin = 16

  mutating func mask(_ rules: [MaskingRule]) -> (any RowTransform)? {
    var columns = input.columns.map { (name: $0.name, type: $0.type, isNullable: $0.isNullable) }
    var masks: [(place: Int, method: MaskingTransform.Method)] = []
    for rule in rules {
      guard let place = index(of: rule.column), let method = method(rule) else { continue }
      columns[place].type = .string
      masks.append((place, method))
    }
    guard let schema = schema(columns) else { return nil }
    return MaskingTransform(
      masks: masks, outputSchema: schema, counters: StepCounters(name: step.name))
  }

  private mutating func method(_ rule: MaskingRule) -> MaskingTransform.Method? {
    switch rule.method {
    case .keep(let prefix, let suffix):
      if prefix < 0 || suffix < 0 {
        mistakes.append("\(rule.column): fewer than no characters are kept")
      }
      return .keep(prefix: prefix, suffix: suffix)
    case .replace(let text): return .replace(text)
    case .hash(let name):
      guard let key = resources.keys[name] else {
        mistakes.append(
          "\(rule.column): key \(name) is not there; "
            + Self.remedy(name, resources.keys.keys.sorted()))
        return nil
      }
      if key.count < Self.keyByteCountMin {
        mistakes.append(
          "\(rule.column): key \(name) has \(key.count) bytes; "
            + "at least \(Self.keyByteCountMin) are needed")
      }
      return .hash(KeyedHash(key: key))
    case .encrypt(let name):
      guard let cipher = resources.ciphers[name] else {
        mistakes.append(
          "\(rule.column): cipher \(name) is not there; "
            + Self.remedy(name, resources.ciphers.keys.sorted()))
        return nil
      }
      return .encrypt(cipher)
    }
  }
}
