import CKernels

/// Operations on whole bitmaps, linear in the words. The `form` methods change the receiver in
/// place and must come before it is shared.
extension Bitmap {
  /// - Precondition: both have the same count.
  public func formIntersection(_ other: Bitmap) {
    precondition(count == other.count)
    KernelTable.current.filter.and_words(
      words.baseAddress, other.words.baseAddress, wordCount, mutableWords.baseAddress)
  }

  /// - Precondition: both have the same count.
  public func formUnion(_ other: Bitmap) {
    precondition(count == other.count)
    KernelTable.current.filter.or_words(
      words.baseAddress, other.words.baseAddress, wordCount, mutableWords.baseAddress)
  }

  /// Clears the bits that are set in `other`.
  /// - Precondition: both have the same count.
  public func subtract(_ other: Bitmap) {
    precondition(count == other.count)
    KernelTable.current.filter.and_not_words(
      words.baseAddress, other.words.baseAddress, wordCount, mutableWords.baseAddress)
  }

  /// Sets the clear bits and clears the set ones.
  public func invert() {
    let words = mutableWords
    for index in words.indices { words[index] = ~words[index] }
    if count % 64 != 0 { words[words.count - 1] &= (1 << UInt64(count % 64)) - 1 }
  }

  /// The bits set in the receiver and clear in `other`, which may be nil for none.
  public func subtracting(_ other: Bitmap?) -> Bitmap {
    let result = copy()
    if let other { result.subtract(other) }
    return result
  }

  /// The bits set in both.
  /// - Precondition: both have the same count.
  public func intersection(_ other: Bitmap) -> Bitmap {
    let result = copy()
    result.formIntersection(other)
    return result
  }

  public func copy() -> Bitmap {
    Bitmap(count: count, storage: .copy(of: UnsafeRawBufferPointer(words)))
  }

  public var isEmpty: Bool { words.allSatisfy { $0 == 0 } }

  /// The positions of the set bits, ascending.
  public func rowIDs() -> [UInt32] {
    // The kernel stores whole vectors, so it needs room for one more.
    let room = setCount + 16
    return [UInt32](unsafeUninitializedCapacity: room) { buffer, initialized in
      initialized = KernelTable.current.filter.row_ids(
        words.baseAddress, wordCount, buffer.baseAddress)
    }
  }
}
