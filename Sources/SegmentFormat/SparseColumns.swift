import ScanKernels
import StorageBase

/// Turns sparse rows into columns: each row is walked once, along what is present in it.
struct SparseColumns {
  private let batch: RowBatch
  private let layout: RowLayout
  /// By field: values, or 0 and the ends of strings; zero where nothing is present.
  private let values: [AlignedBuffer]
  /// By field, for nullable columns.
  private let nulls: [Bitmap?]

  init(_ batch: RowBatch) {
    self.batch = batch
    layout = batch.layout
    values = batch.layout.columns.map {
      let width = $0.type.physical.width
      return AlignedBuffer(
        byteCount: width == 0 ? (batch.count + 1) * 4 : batch.count * width, zeroed: true)
    }
    nulls = batch.layout.columns.map { $0.isNullable ? Bitmap.full(count: batch.count) : nil }
  }

  func columns() -> [ColumnVector] {
    let targets = values.map { $0.mutableBytes.baseAddress! }
    let nullWords = nulls.map { $0?.mutableWords.baseAddress }
    for row in 0..<batch.count {
      forEachValue(of: row) { field, width, place, count in
        copyValue(place, width, count, to: targets[field], row)
        nullWords[field]?[row &>> 6] &= ~(1 &<< UInt64(truncatingIfNeeded: row & 63))
      }
    }
    let texts = makeTexts()
    return layout.columns.indices.map { field in
      let body: ColumnVector.Body =
        if let text = texts[field] {
          .strings(StringTable(count: batch.count, offsets: values[field], bytes: text))
        } else {
          .fixed(values[field])
        }
      let nulls = nulls[field].flatMap { $0.setCount == 0 ? nil : $0 }
      return ColumnVector(
        type: layout.columns[field].type, count: batch.count, body: body, nulls: nulls)
    }
  }

  /// Calls `body` with what is present in a row. Strings, of width 0, have a count of bytes.
  @inline(__always)
  private func forEachValue(
    of row: Int,
    _ body: (_ field: Int, _ width: Int, _ place: UnsafeRawPointer, _ count: Int) -> Void
  ) {
    batch.withRow(row) { view in
      let slots = layout.slots
      let flags = SparseRow(view.bytes.baseAddress!, slots)
      var place = flags.values
      var (end, rank) = (0, 0)
      let text = view.bytes.baseAddress! + view.textOffset
      let ends = view.bytes.baseAddress! + view.endsOffset
      flags.forEachGroup(below: slots.groupCount) { group, word in
        var rest = word
        let width = slots.width[group]
        while rest != 0 {
          let field = Int(slots.field[group &* 64 &+ rest.trailingZeroBitCount])
          rest &= rest &- 1
          if width > 0 {
            body(field, width, place, width)
            place += width
          } else {
            let next = RowView.end(at: ends + rank &* view.endWidth, width: view.endWidth)
            body(field, 0, text + end, next &- end)
            end = next
            rank &+= 1
          }
        }
      }
    }
  }

  /// A value of fixed width; of a string its length, where its end will stand.
  @inline(__always)
  private func copyValue(
    _ place: UnsafeRawPointer, _ width: Int, _ count: Int, to target: UnsafeMutableRawPointer,
    _ row: Int
  ) {
    switch width {
    case 0: target.storeBytes(of: UInt32(count), toByteOffset: (row &+ 1) &* 4, as: UInt32.self)
    case 8:
      target.storeBytes(
        of: place.loadUnaligned(as: UInt64.self), toByteOffset: row &* 8, as: UInt64.self)
    case 4:
      target.storeBytes(
        of: place.loadUnaligned(as: UInt32.self), toByteOffset: row &* 4, as: UInt32.self)
    default: (target + row &* width).copyMemory(from: place, byteCount: width)
    }
  }

  /// By field: the bytes of strings. Turns the lengths into ends.
  private func makeTexts() -> [AlignedBuffer?] {
    var texts = [AlignedBuffer?](repeating: nil, count: layout.columns.count)
    guard !layout.stringFields.isEmpty else { return texts }
    for field in layout.stringFields {
      let ends = values[field].mutableValues(as: UInt32.self)
      var total = 0
      for row in 1..<batch.count + 1 {
        total &+= Int(ends[row])
        ends[row] = UInt32(truncatingIfNeeded: total)
      }
      precondition(total <= Int(UInt32.max), "strings of more than 4 GiB")
      texts[field] = AlignedBuffer(byteCount: total)
    }
    let targets = texts.map { $0?.mutableBytes.baseAddress }
    for row in 0..<batch.count {
      forEachValue(of: row) { field, width, place, count in
        guard width == 0, let target = targets[field] else { return }
        let start = Int(values[field].values(as: UInt32.self)[row])
        copyText(UnsafeRawBufferPointer(start: place, count: count), to: target + start)
      }
    }
    return texts
  }
}
