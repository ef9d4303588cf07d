import ScanKernels
import StorageBase

extension ColumnVector {
  /// The values as CSV files show them; nulls stay null.
  var asText: ColumnVector {
    if type == .string { return self }
    let vector = widened()
    switch type {
    case .int8, .int16, .int32, .int64:
      if case .narrow(let lanes) = IntegerLanes(vector) { return lanes.integersAsText }
    default: break
    }
    let builder = ColumnBuilder(type: .string, capacity: count)
    for row in 0..<count {
      if vector.isNull(row) {
        builder.appendNull()
      } else {
        builder.append(string: type.format(vector[row]))
      }
    }
    return builder.finish()
  }

  private var integersAsText: ColumnVector {
    let values = values(as: Int64.self)
    return mapped(longest: 20) { row, target in
      let value = values[row]
      var (rest, length) = (value.magnitude, 0)
      repeat {
        target[19 - length] = UInt8(truncatingIfNeeded: 0x30 + rest % 10)
        rest /= 10
        length += 1
      } while rest > 0
      if value < 0 {
        target[19 - length] = UInt8(ascii: "-")
        length += 1
      }
      for index in 0..<length { target[index] = target[20 - length + index] }
      return length
    }
  }

  /// A text for each row that is not null, empty for the others.
  /// - Parameters:
  ///   - longest: bytes that one text has at most.
  ///   - write: puts the text of a row in its place, which has that much room, and returns its
  ///     length.
  @inline(__always) func mapped(
    longest: Int, _ write: (Int, UnsafeMutablePointer<UInt8>) -> Int
  ) -> ColumnVector {
    mapped(longest: { _ in longest }, write)
  }

  /// - Parameter longest: of a row that is not null.
  @inline(__always) func mapped(
    longest: (Int) -> Int, _ write: (Int, UnsafeMutablePointer<UInt8>) -> Int
  ) -> ColumnVector {
    let ends = AlignedBuffer(byteCount: (count + 1) * 4)
    let offsets = ends.mutableValues(as: UInt32.self)
    let bytes = ByteBuffer()
    offsets[0] = 0
    let nulls = nulls
    for row in 0..<count {
      if !(nulls?[row] ?? false) {
        let (room, start) = (longest(row), bytes.count)
        let target = bytes.extend(by: room).assumingMemoryBound(to: UInt8.self)
        bytes.truncate(to: start + write(row, target))
      }
      precondition(bytes.count <= Int(UInt32.max), "strings of more than 4 GiB")
      offsets[row + 1] = UInt32(truncatingIfNeeded: bytes.count)
    }
    return ColumnVector(
      type: .string, count: count,
      body: .strings(StringTable(count: count, offsets: ends, bytes: .copy(of: bytes.bytes))),
      nulls: nulls)
  }

  /// A part of each text of a column of texts, without copying bytes one by one.
  @inline(__always) func cut(
    _ part: (UnsafeRawBufferPointer) -> Range<Int>
  ) -> ColumnVector {
    let builder = ColumnBuilder(type: .string, capacity: count)
    let (texts, nulls) = (TextLanes(self), nulls)
    for row in 0..<count {
      if let nulls, nulls[row] {
        builder.appendNull()
      } else {
        let bytes = texts[row]
        builder.append(bytes: UnsafeRawBufferPointer(rebasing: bytes[part(bytes)]))
      }
    }
    return builder.finish()
  }

  /// The same with other nulls.
  func with(nulls: Bitmap?) -> ColumnVector {
    let nulls = nulls.flatMap { $0.isEmpty ? nil : $0 }
    return ColumnVector(type: type, count: count, body: body, nulls: nulls)
  }

  /// The same, null also where `more` says so.
  func with(moreNulls more: Bitmap?) -> ColumnVector {
    guard let more, !more.isEmpty else { return self }
    let union = more.copy()
    if let nulls { union.formUnion(nulls) }
    return cleared(union)
  }

  /// Null rows hold zero, or no bytes, in every column.
  private func cleared(_ nulls: Bitmap) -> ColumnVector {
    let builder = ColumnBuilder(type: type, capacity: count)
    let wide = widened()
    var row = 0
    while row < count {
      if nulls[row] {
        builder.appendNull()
        row += 1
        continue
      }
      let first = row
      while row < count, !nulls[row] { row += 1 }
      builder.append(wide, rows: first..<row)
    }
    return builder.finish()
  }
}
