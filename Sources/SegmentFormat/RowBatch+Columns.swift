import ScanKernels
import StorageBase

extension RowBatch {
  /// All fields as columns, in the order of the layout. Linear in the values that are not absent,
  /// and the columns times the rows.
  public func columns() -> [ColumnVector] {
    guard layout.isDense else { return SparseColumns(self).columns() }
    return layout.columns.indices.map(denseColumn)
  }

  /// One field as a column.
  public func column(_ field: Int) -> ColumnVector {
    layout.isDense ? denseColumn(field) : sparseColumn(field)
  }

  private func denseColumn(_ field: Int) -> ColumnVector {
    let entry = layout.fields[field]
    let body: ColumnVector.Body =
      switch entry.physical.width {
      case 0: .strings(denseStrings(Int(entry.offset)))
      case 1: .fixed(gather(Int(entry.offset), UInt8.self))
      case 2: .fixed(gather(Int(entry.offset), UInt16.self))
      case 4: .fixed(gather(Int(entry.offset), UInt32.self))
      case 8: .fixed(gather(Int(entry.offset), UInt64.self))
      default: .fixed(gather(Int(entry.offset), UInt128.self))
      }
    return ColumnVector(
      type: layout.columns[field].type, count: count, body: body,
      nulls: entry.nullBit < 0 ? nil : denseNulls(Int(entry.nullBit)))
  }

  private func gather<T: FixedWidthInteger & BitwiseCopyable>(
    _ offset: Int, _ type: T.Type
  ) -> AlignedBuffer {
    let buffer = AlignedBuffer(byteCount: count * MemoryLayout<T>.stride)
    guard let target = buffer.mutableValues(as: T.self).baseAddress else { return buffer }
    let (base, starts) = (base + offset, starts)
    for row in 0..<count {
      target[row] = T(
        littleEndian: base.loadUnaligned(fromByteOffset: starts[row], as: T.self))
    }
    return buffer
  }

  private func denseNulls(_ bit: Int) -> Bitmap? {
    let nulls = Bitmap(count: count)
    let (words, base, starts) = (nulls.mutableWords, base + bit / 8, starts)
    let shift = UInt8(bit % 8)
    var any: UInt64 = 0
    for row in 0..<count {
      let flag = base.load(fromByteOffset: starts[row], as: UInt8.self) &>> shift & 1
      words[row &>> 6] |= UInt64(flag) &<< UInt64(truncatingIfNeeded: row & 63)
      any |= UInt64(flag)
    }
    return any == 0 ? nil : nulls
  }

  /// The strings with that number among those of a row.
  private func denseStrings(_ rank: Int) -> StringTable {
    let (base, starts) = (base, starts)
    let (endsOffset, stringCount) = (layout.denseEndsOffset, layout.stringFields.count)
    return strings { row in
      let start = base + starts[row]
      let width = Int(start.load(as: UInt8.self))
      let ends = start + endsOffset
      let from = rank == 0 ? 0 : RowView.end(at: ends + (rank &- 1) &* width, width: width)
      let to = RowView.end(at: ends + rank &* width, width: width)
      return UnsafeRawBufferPointer(
        start: ends + (stringCount &* width &+ from), count: to &- from)
    }
  }

  /// A table of one string of each row.
  @inline(__always)
  private func strings(_ find: (Int) -> UnsafeRawBufferPointer) -> StringTable {
    let offsets = AlignedBuffer(byteCount: (count + 1) * 4)
    let ends = offsets.mutableValues(as: UInt32.self)
    var total = 0
    ends[0] = 0
    for row in 0..<count {
      total &+= find(row).count
      ends[row &+ 1] = UInt32(truncatingIfNeeded: total)
    }
    precondition(total <= Int(UInt32.max), "strings of more than 4 GiB")
    let bytes = AlignedBuffer(byteCount: total)
    if let target = bytes.mutableBytes.baseAddress {
      for row in 0..<count { copyText(find(row), to: target + Int(ends[row])) }
    }
    return StringTable(count: count, offsets: offsets, bytes: bytes)
  }

  /// One field of sparse rows, without a look at the others.
  private func sparseColumn(_ field: Int) -> ColumnVector {
    let type = layout.columns[field].type
    let builder = ColumnBuilder(type: type, capacity: count)
    for row in 0..<count {
      withRow(row) { view in
        if view.isNull(field) {
          builder.appendNull()
        } else {
          switch type.physical {
          case .bytes: builder.append(bytes: view.text(field))
          case .float32, .float64: builder.append(floating: view.floating(field))
          default: builder.append(wide: view.wideInteger(field))
          }
        }
      }
    }
    return builder.finish()
  }
}

/// Copies a string; most are short, for which a call takes longer than the copy.
@inline(__always)
func copyText(_ source: UnsafeRawBufferPointer, to target: UnsafeMutableRawPointer) {
  guard let from = source.baseAddress else { return }
  let count = source.count
  if count > 16 {
    target.copyMemory(from: from, byteCount: count)
  } else if count >= 8 {
    let low = from.loadUnaligned(as: UInt64.self)
    let high = from.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
    target.storeBytes(of: low, as: UInt64.self)
    target.storeBytes(of: high, toByteOffset: count &- 8, as: UInt64.self)
  } else if count >= 4 {
    let low = from.loadUnaligned(as: UInt32.self)
    let high = from.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self)
    target.storeBytes(of: low, as: UInt32.self)
    target.storeBytes(of: high, toByteOffset: count &- 4, as: UInt32.self)
  } else {
    for index in 0..<count {
      target.storeBytes(
        of: from.load(fromByteOffset: index, as: UInt8.self), toByteOffset: index, as: UInt8.self)
    }
  }
}
