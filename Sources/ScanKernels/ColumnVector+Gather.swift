import StorageBase

extension ColumnVector {
  /// The rows at `rows`, in that order; a coded column keeps its dictionary. Linear in `rows` and
  /// the bytes copied.
  /// - Precondition: every row is in `0..<count`.
  public func gather(_ rows: [UInt32]) -> ColumnVector {
    var gatheredNulls: Bitmap?
    if let nulls, rows.contains(where: { nulls[Int($0)] }) {
      let bitmap = Bitmap(count: rows.count)
      for (index, row) in rows.enumerated() where nulls[Int(row)] { bitmap.set(index) }
      gatheredNulls = bitmap
    }
    return ColumnVector(type: type, count: rows.count, body: gatherBody(rows), nulls: gatheredNulls)
  }

  private func gatherBody(_ rows: [UInt32]) -> Body {
    switch body {
    case .coded(let codes, let dictionary):
      return .coded(codes: Self.gather(codes, rows, UInt32.self), dictionary: dictionary)
    case .byteCoded(let codes, let dictionary):
      return .byteCoded(codes: Self.gather(codes, rows, UInt8.self), dictionary: dictionary)
    case .offsets(let offsets): return .offsets(offsets.gather(rows))
    case .strings(let table): return .strings(Self.gather(table, rows))
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
    _ buffer: AlignedBuffer, _ rows: [UInt32], _ type: T.Type
  ) -> AlignedBuffer {
    let source = buffer.values(as: T.self)
    let result = AlignedBuffer(byteCount: rows.count * MemoryLayout<T>.stride)
    let target = result.mutableValues(as: T.self)
    for (index, row) in rows.enumerated() { target[index] = source[Int(row)] }
    return result
  }

  private static func gather(_ table: StringTable, _ rows: [UInt32]) -> StringTable {
    let offsets = AlignedBuffer(byteCount: (rows.count + 1) * 4)
    let ends = offsets.mutableValues(as: UInt32.self)
    ends[0] = 0
    for (index, row) in rows.enumerated() {
      ends[index + 1] = ends[index] + UInt32(table[Int(row)].count)
    }
    let bytes = AlignedBuffer(byteCount: Int(ends[rows.count]))
    for (index, row) in rows.enumerated() {
      UnsafeMutableRawBufferPointer(
        rebasing: bytes.mutableBytes[Int(ends[index])..<Int(ends[index + 1])]
      ).copyMemory(from: table[Int(row)])
    }
    return StringTable(count: rows.count, offsets: offsets, bytes: bytes)
  }
}
