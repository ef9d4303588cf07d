import StorageBase

/// Writes the columns of a page into packed keys laid out by `GroupKeyLayout`, one column at a
/// time, for the rows listed. The keys start zeroed.
struct KeyPacker {
  let keys: UnsafeMutablePointer<UInt64>
  /// Words per key.
  let stride: Int
  let rows: UnsafeBufferPointer<UInt32>

  /// - Parameter codes: one per listed row.
  func pack(codes: UnsafeBufferPointer<UInt32>, at place: GroupKeyLayout.Place) {
    let target = keys + place.word
    for position in 0..<rows.count {
      target[position &* stride] |= UInt64(codes[position]) &<< place.shift
    }
  }

  func pack(nulls: Bitmap, at flag: GroupKeyLayout.Place) {
    let target = keys + flag.word
    let words = nulls.words
    for position in 0..<rows.count {
      let row = Int(rows[position])
      let bit = words[row &>> 6] &>> UInt64(row & 63) & 1
      target[position &* stride] |= bit &<< flag.shift
    }
  }

  /// The bits of the values themselves. Equal numbers get equal bits: one zero and one NaN. A null
  /// row holds zero.
  func pack(values vector: ColumnVector, at place: GroupKeyLayout.Place) {
    switch vector.type.physical {
    case .int32:
      pack(vector.values(as: Int32.self), place) { UInt64(UInt32(bitPattern: $0)) }
    case .int64:
      pack(vector.values(as: Int64.self), place) { UInt64(bitPattern: $0) }
    case .float32:
      pack(vector.values(as: Float.self), place) {
        UInt64(($0.isNaN ? Float.nan : $0 + 0).bitPattern)
      }
    case .float64:
      pack(vector.values(as: Double.self), place) {
        ($0.isNaN ? Double.nan : $0 + 0).bitPattern
      }
    case .int128:
      let values = vector.values(as: Int128.self)
      let next = GroupKeyLayout.Place(word: place.word + 1, shift: 0)
      pack(values, place) { UInt64(truncatingIfNeeded: $0) }
      pack(values, next) { UInt64(truncatingIfNeeded: $0 &>> 64) }
    case .int8, .int16, .bytes: preconditionFailure("\(vector.type) is kept as a code")
    }
  }

  @inline(__always)
  private func pack<T: BitwiseCopyable>(
    _ values: UnsafeBufferPointer<T>, _ place: GroupKeyLayout.Place, bits: (T) -> UInt64
  ) {
    let target = keys + place.word
    for position in 0..<rows.count {
      target[position &* stride] |= bits(values[Int(rows[position])]) &<< place.shift
    }
  }
}
