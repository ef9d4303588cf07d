import ScanKernels
import StorageBase

/// Parts of strings, counted in Unicode scalars.
struct SubstringColumn {
  /// From 1.
  let start: Int
  /// Nil for all that follow.
  let length: Int?

  /// Coded columns stay coded: the entries of the dictionary are cut, and equal ones made one.
  func vector(of strings: ColumnVector) throws -> ColumnVector {
    if case .coded(let codes, let dictionary) = strings.body {
      return vector(of: codes.values(as: UInt32.self), dictionary, strings)
    }
    let builder = ColumnBuilder(type: .string, capacity: strings.count)
    for row in 0..<strings.count {
      if strings.isNull(row) {
        builder.appendNull()
      } else {
        builder.append(bytes: part(of: strings.bytes(at: row)))
      }
    }
    return builder.finish()
  }

  private func vector(
    of codes: UnsafeBufferPointer<UInt32>, _ dictionary: StringTable, _ strings: ColumnVector
  ) -> ColumnVector {
    var entries: [String] = []
    var numbers: [String: UInt32] = [:]
    let codeOfEntry = (0..<dictionary.count).map { code -> UInt32 in
      let text = String(decoding: part(of: dictionary[code]), as: UTF8.self)
      if let known = numbers[text] { return known }
      numbers[text] = UInt32(entries.count)
      entries.append(text)
      return UInt32(entries.count - 1)
    }
    let buffer = AlignedBuffer(byteCount: strings.count * 4)
    let target = buffer.mutableValues(as: UInt32.self)
    for row in 0..<strings.count { target[row] = codeOfEntry[Int(codes[row])] }
    return ColumnVector(
      type: .string, count: strings.count,
      body: .coded(codes: buffer, dictionary: StringTable(entries)), nulls: strings.nulls)
  }

  private func part(of bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    // Places before the first character count, as SQL has it.
    let (first, overflow) = start.addingReportingOverflow(length ?? 0)
    let last = length == nil || overflow ? Int.max : first
    var (position, begin, end) = (0, bytes.count, bytes.count)
    for index in 0..<bytes.count where bytes[index] & 0xC0 != 0x80 {
      position += 1
      if position >= start && begin == bytes.count { begin = index }
      if position >= last {
        end = index
        break
      }
    }
    return UnsafeRawBufferPointer(rebasing: bytes[min(begin, end)..<end])
  }
}
