import StorageBase

extension ColumnVector {
  /// The rows at `rows`, in that order; a coded column keeps its dictionary. Linear in `rows` and
  /// the bytes copied.
  /// - Precondition: every row is in `0..<count`.
  public func gather(_ rows: [UInt32]) -> ColumnVector {
    precondition(rows.allSatisfy { $0 < count }, "a row is not in 0..<\(count)")
    return rows.withUnsafeBufferPointer { rows in
      ColumnVector(
        type: type, count: rows.count, body: gatherBody(rows), nulls: gatherNulls(rows))
    }
  }

  private func gatherNulls(_ rows: UnsafeBufferPointer<UInt32>) -> Bitmap? {
    guard let nulls else { return nil }
    let gathered = nulls.gatherChecked(rows)
    return gathered.isEmpty ? nil : gathered
  }

  private func gatherBody(_ rows: UnsafeBufferPointer<UInt32>) -> Body {
    switch body {
    case .coded(let codes, let dictionary):
      return .coded(codes: Self.gather(codes, rows, UInt32.self), dictionary: dictionary)
    case .byteCoded(let codes, let dictionary):
      return .byteCoded(codes: Self.gather(codes, rows, UInt8.self), dictionary: dictionary)
    case .offsets(let offsets): return .offsets(offsets.gather(rows))
    case .strings(let table): return .strings(table.gather(rows))
    case .fixed(let buffer):
      switch type.physical.width {
      case 1: return .fixed(Self.gather(buffer, rows, UInt8.self))
      case 2: return .fixed(Self.gather(buffer, rows, UInt16.self))
      case 4: return .fixed(Self.gather(buffer, rows, UInt32.self))
      case 8: return .fixed(Self.gather(buffer, rows, UInt64.self))
      default: return .fixed(Self.gather(buffer, rows, UInt128.self))
      }
    }
  }

  static func gather<T: BitwiseCopyable>(
    _ buffer: AlignedBuffer, _ rows: UnsafeBufferPointer<UInt32>, _ type: T.Type
  ) -> AlignedBuffer {
    let result = AlignedBuffer(byteCount: rows.count * MemoryLayout<T>.stride)
    guard let rowBase = rows.baseAddress, let source = buffer.values(as: T.self).baseAddress,
      let target = result.mutableValues(as: T.self).baseAddress
    else { return result }
    for index in 0..<rows.count { target[index] = source[Int(rowBase[index])] }
    return result
  }
}

extension StringTable {
  /// The strings at `rows`, in that order.
  /// Some strings, in the order of `rows`.
  public func gather(_ rows: [UInt32]) -> StringTable { rows.withUnsafeBufferPointer(gather) }

  fileprivate func gather(_ rows: UnsafeBufferPointer<UInt32>) -> StringTable {
    let gatheredOffsets = AlignedBuffer(byteCount: (rows.count + 1) * 4)
    let ends = gatheredOffsets.mutableValues(as: UInt32.self).baseAddress!
    let bounds = offsets.values(as: UInt32.self).baseAddress!
    var total = 0
    ends[0] = 0
    for index in 0..<rows.count {
      let row = Int(rows[index])
      total &+= Int(bounds[row &+ 1] &- bounds[row])
      ends[index &+ 1] = UInt32(truncatingIfNeeded: total)
    }
    precondition(total <= Int(UInt32.max), "strings of more than 4 GiB")
    let gatheredBytes = AlignedBuffer(byteCount: total)
    let source = bytes.bytes.baseAddress!
    let target = gatheredBytes.mutableBytes.baseAddress!
    for index in 0..<rows.count {
      let from = source + Int(bounds[Int(rows[index])])
      let start = Int(ends[index])
      let length = Int(ends[index &+ 1]) &- start
      // Most strings are short, and a copy of fixed size is much faster than one of any. It may
      // read into the padding of the source, and must not write into that of the target.
      if start &+ 32 <= total {
        let low = from.loadUnaligned(as: SIMD16<UInt8>.self)
        let high = from.loadUnaligned(fromByteOffset: 16, as: SIMD16<UInt8>.self)
        (target + start).storeBytes(of: low, as: SIMD16<UInt8>.self)
        (target + start).storeBytes(of: high, toByteOffset: 16, as: SIMD16<UInt8>.self)
        if length > 32 {
          (target + start + 32).copyMemory(from: from + 32, byteCount: length &- 32)
        }
      } else {
        (target + start).copyMemory(from: from, byteCount: length)
      }
    }
    return StringTable(count: rows.count, offsets: gatheredOffsets, bytes: gatheredBytes)
  }
}
