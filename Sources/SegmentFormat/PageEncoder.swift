import StorageBase

/// Chooses an encoding for each page by looking at its data, and lays the payload out (see
/// FORMAT.md). Its memory is reused from page to page. Not thread-safe.
///
/// The choice is by estimated size. What is slower to scan (run-length, dictionary of numbers) has
/// to save a quarter over bit packing, since the scan pays for it again and again.
final class PageEncoder {
  /// An encoded payload; valid until the next page.
  struct Payload {
    let bytes: UnsafeRawBufferPointer
    let encoding: PageEncoding
  }

  let payload = ByteBuffer(capacity: 1 << 16)
  let scratch = ByteBuffer()
  let runs = ByteBuffer()
  let lengths = ByteBuffer()
  let codes = ByteBuffer()
  var distinct = DistinctValues()
  var strings = DistinctStrings()

  func encode(_ page: PageInput) throws -> Payload {
    payload.removeAll()
    appendNulls(of: page)
    let encoding: PageEncoding
    switch page.body {
    case .strings(let offsets, let bytes):
      encoding = try encodeStrings(page, offsets: offsets, bytes: bytes)
    case .fixed(let values):
      switch page.type.physical {
      case .int8: encoding = encodeIntegers(page, values, as: Int8.self)
      case .int16: encoding = encodeIntegers(page, values, as: Int16.self)
      case .int32: encoding = encodeIntegers(page, values, as: Int32.self)
      case .int64: encoding = encodeIntegers(page, values, as: Int64.self)
      case .int128: encoding = encodeIntegers(page, values, as: Int128.self)
      case .float32: encoding = encodeBits(page, values, as: Int32.self)
      case .float64: encoding = encodeBits(page, values, as: Int64.self)
      case .bytes: preconditionFailure("strings are not of fixed width")
      }
    }
    return Payload(bytes: payload.bytes, encoding: encoding)
  }

  private func appendNulls(of page: PageInput) {
    guard let nulls = page.nulls else { return }
    let byteCount = (page.rowCount + 7) / 8
    let target = payload.extend(by: byteCount)
    target.copyMemory(from: nulls, byteCount: byteCount)
    if page.rowCount % 8 != 0 {
      let last = target.assumingMemoryBound(to: UInt8.self) + (byteCount - 1)
      last.pointee &= (1 << UInt8(page.rowCount % 8)) - 1
    }
  }

  /// The values with those of null rows replaced by their neighbours', which costs least.
  func filled<T: BitwiseCopyable>(
    _ page: PageInput, _ values: UnsafeRawPointer, as type: T.Type
  ) -> UnsafePointer<T> {
    let source = values.assumingMemoryBound(to: T.self)
    guard page.nulls != nil else { return source }
    let copy = scratch.array(of: T.self, count: page.rowCount)
    var last = (0..<page.rowCount).first { !page.isNull($0) }.map { source[$0] } ?? source[0]
    for row in 0..<page.rowCount {
      if !page.isNull(row) { last = source[row] }
      copy[row] = last
    }
    return UnsafePointer(copy)
  }

  /// Appends a width and `count` numbers packed in as many bits as the greatest needs.
  func appendPacked(_ numbers: UnsafePointer<UInt32>, count: Int) {
    var greatest: UInt32 = 0
    for index in 0..<count { greatest = max(greatest, numbers[index]) }
    let width = bitCount(of: greatest)
    payload.append(UInt8(width))
    numbers.withMemoryRebound(to: Int32.self, capacity: max(1, count)) {
      Int32.pack(
        $0, count: count, width: width, base: 0,
        into: payload.extend(by: packedByteCount(count, width: width)))
    }
  }
}
