extension ValueText {
  /// Checks a string and returns nothing: the bytes are the value.
  package static func checkString(_ bytes: UnsafeRawBufferPointer) throws(TextProblem) {
    guard bytes.count <= Limits.stringByteCountMax else { throw .tooLong }
    if !isASCII(bytes), !isUTF8(bytes) { throw .notUTF8 }
  }

  /// Whether no byte is above 127.
  package static func isASCII(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var index = 0
    var bits: UInt64 = 0
    while index &+ 8 <= bytes.count {
      bits |= bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
      index &+= 8
    }
    while index < bytes.count {
      bits |= UInt64(bytes[index])
      index &+= 1
    }
    return bits & 0x8080_8080_8080_8080 == 0
  }

  /// Whether the bytes are well-formed UTF-8.
  package static func isUTF8(_ bytes: UnsafeRawBufferPointer) -> Bool {
    do throws(UTF8.ValidationError) {
      _ = try UTF8Span(validating: bytes.bindMemory(to: UInt8.self).span)
      return true
    } catch { return false }
  }
}
