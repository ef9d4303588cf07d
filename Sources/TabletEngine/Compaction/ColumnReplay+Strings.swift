import ScanKernels
import StorageBase

extension ColumnReplay {
  /// Rows as codes. A page that turns out to hold strings has them looked up, until the next call.
  func replayCodes(_ sources: UnsafeBufferPointer<UInt16>) throws -> ColumnVector {
    if union.makeRoom() {
      for input in cursors.indices { cursors[input].mapping = nil }
    }
    let buffer = AlignedBuffer(byteCount: sources.count * 4)
    let output = buffer.mutableValues(as: UInt32.self)
    var nulls: Bitmap?
    var stretchEnd = 0
    for index in sources.indices {
      if index >= stretchEnd { stretchEnd = try passOver(before: index) }
      let input = Int(sources[index])
      if cursors[input].row == cursors[input].count { try refill(input) }
      let row = cursors[input].row
      if let mapping = cursors[input].mapping {
        output[index] =
          mapping[
            Int(cursors[input].values.load(fromByteOffset: row &* 4, as: UInt32.self))]
      } else {
        output[index] = code(input, row)
      }
      if let words = cursors[input].nulls { copyNull(words, row, to: &nulls, index, sources.count) }
      cursors[input].row = row &+ 1
    }
    return ColumnVector(
      type: column.type, count: sources.count,
      body: .coded(codes: buffer, dictionary: union.dictionary), nulls: nulls)
  }

  /// The code of a row whose codes are not mapped yet, or that is a string.
  @inline(never) private func code(_ input: Int, _ row: Int) -> UInt32 {
    guard let page = pages[input] else { preconditionFailure("a page was loaded") }
    guard case .coded(let codes, let dictionary) = page.body else {
      return union.code(of: page.bytes(at: row))
    }
    let mapping = union.mapping(of: dictionary, input: input)
    cursors[input].mapping = mapping
    return mapping[Int(codes.values(as: UInt32.self)[row])]
  }

  func replayStrings(_ sources: UnsafeBufferPointer<UInt16>) throws -> ColumnVector {
    let offsets = AlignedBuffer(byteCount: (sources.count + 1) * 4)
    let ends = offsets.mutableValues(as: UInt32.self)
    ends[0] = 0
    var nulls: Bitmap?
    var total = 0
    // First where each string is, then, knowing their total length, the bytes.
    let places = UnsafeMutableBufferPointer<UnsafeRawPointer>.allocate(capacity: sources.count)
    defer { places.deallocate() }
    var stretchEnd = 0
    for index in sources.indices {
      if index >= stretchEnd { stretchEnd = try passOver(before: index) }
      let input = Int(sources[index])
      if cursors[input].row == cursors[input].count { try refill(input) }
      let cursor = cursors[input]
      guard let bounds = cursor.offsets, let bytes = cursor.bytes else {
        preconditionFailure("a page of strings")
      }
      let entry =
        cursor.isCoded
        ? Int(cursor.values.load(fromByteOffset: cursor.row &* 4, as: UInt32.self)) : cursor.row
      places[index] = bytes + Int(bounds[entry])
      total &+= Int(bounds[entry &+ 1] &- bounds[entry])
      ends[index &+ 1] = UInt32(truncatingIfNeeded: total)
      if let words = cursor.nulls { copyNull(words, cursor.row, to: &nulls, index, sources.count) }
      cursors[input].row = cursor.row &+ 1
    }
    guard total <= Limits.pageByteCountMax else {
      throw StorageError.limitExceeded(
        what: "bytes of one page of column \(column.name)", value: total,
        limit: Limits.pageByteCountMax, remedy: "use fewer rows per page or shorter strings")
    }
    let bytes = AlignedBuffer(byteCount: total)
    for index in sources.indices {
      let start = Int(ends[index])
      copyShort(
        places[index], to: bytes.mutableBytes.baseAddress! + start,
        count: Int(ends[index &+ 1]) &- start)
    }
    let table = StringTable(count: sources.count, offsets: offsets, bytes: bytes)
    return ColumnVector(
      type: column.type, count: sources.count, body: .strings(table), nulls: nulls)
  }

  /// Copies strings, which are mostly shorter than a vector: source and target have padding, so
  /// 16 bytes can always be moved, and what is too much is overwritten by the next string.
  @inline(__always)
  private func copyShort(_ source: UnsafeRawPointer, to target: UnsafeMutableRawPointer, count: Int)
  {
    if count <= 16 {
      target.storeBytes(
        of: source.loadUnaligned(as: SIMD2<UInt64>.self), as: SIMD2<UInt64>.self)
    } else {
      target.copyMemory(from: source, byteCount: count)
    }
  }
}
