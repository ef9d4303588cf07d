import ScanKernels

/// Whether bytes are a well-formed roaring bitmap in the portable serialisation, and nothing else.
/// Linear in the bytes; never reads outside them. On the way it can set the bits of the rows, which
/// saves making a bitmap of the library where bits are wanted.
struct RoaringCheck {
  private static let cookieWithoutRuns: UInt32 = 12_346
  private static let cookieWithRuns: UInt32 = 12_347
  /// With runs and fewer containers than this there are no offsets.
  private static let offsetContainerCountMin = 4
  private static let arrayCountMax = 4096

  private let bytes: UnsafeRawBufferPointer
  private var position = 0
  private var isGood = true

  /// - Parameter target: the bits of the rows are set in it; only part of them if the answer is
  ///   false.
  static func isValid(
    _ bytes: UnsafeRawBufferPointer, count: Int, rowCount: Int, setting target: Bitmap? = nil
  ) -> Bool {
    var check = RoaringCheck(bytes, target)
    guard let (total, greatest) = check.containers(), check.isGood else { return false }
    return check.position == bytes.count && total == count && greatest < rowCount
  }

  private let target: Bitmap?
  /// The words of `target` for the current container; nil without a target.
  private var words: UnsafeMutablePointer<UInt64>?

  private static let containerWordCount = 1024

  private init(_ bytes: UnsafeRawBufferPointer, _ target: Bitmap?) {
    self.bytes = bytes
    self.target = target
  }

  /// False if the target has no room for the container.
  private mutating func aim(at key: Int) -> Bool {
    guard let target else { return true }
    let first = key * Self.containerWordCount
    guard first + Self.containerWordCount <= target.wordCount else { return false }
    words = target.mutableWords.baseAddress.map { $0 + first }
    return true
  }

  private mutating func read<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type) -> Int {
    guard bytes.count - position >= MemoryLayout<T>.size else {
      isGood = false
      return 0
    }
    defer { position += MemoryLayout<T>.size }
    return Int(T(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: T.self)))
  }

  /// How many rows there are and the greatest of them; nil if something is wrong.
  private mutating func containers() -> (total: Int, greatest: Int)? {
    let cookie = UInt32(truncatingIfNeeded: read(UInt32.self))
    let hasRuns = cookie & 0xFFFF == Self.cookieWithRuns
    guard hasRuns || cookie == Self.cookieWithoutRuns else { return nil }
    let containerCount = hasRuns ? Int(cookie >> 16) + 1 : read(UInt32.self)
    let flagsStart = position
    if hasRuns { position += (containerCount + 7) / 8 }
    let headersStart = position
    position += containerCount * 4
    let hasOffsets = !hasRuns || containerCount >= Self.offsetContainerCountMin
    let offsetsStart = position
    if hasOffsets { position += containerCount * 4 }
    guard isGood, (1...1 << 16).contains(containerCount), position <= bytes.count else {
      return nil
    }
    var total = 0
    var greatest = 0
    var previousKey = -1
    for index in 0..<containerCount {
      let key = peek(UInt16.self, at: headersStart + index * 4)
      let count = peek(UInt16.self, at: headersStart + index * 4 + 2) + 1
      guard key > previousKey, aim(at: key) else { return nil }
      if hasOffsets, peek(UInt32.self, at: offsetsStart + index * 4) != position { return nil }
      let isRun = hasRuns && bytes[flagsStart + index / 8] >> UInt8(index % 8) & 1 != 0
      guard let last = isRun ? runs(count) : count > Self.arrayCountMax ? bits(count) : array(count)
      else { return nil }
      total += count
      greatest = key << 16 | last
      previousKey = key
    }
    return (total, greatest)
  }

  private func peek<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type, at offset: Int) -> Int {
    Int(T(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: T.self)))
  }

  /// The last value of a container of ascending values.
  private mutating func array(_ count: Int) -> Int? {
    guard bytes.count - position >= count * 2 else { return nil }
    var previous = -1
    for index in 0..<count {
      let value = peek(UInt16.self, at: position &+ index &* 2)
      guard value > previous else { return nil }
      if let words { words[value &>> 6] |= 1 &<< UInt64(value & 63) }
      previous = value
    }
    position += count * 2
    return previous
  }

  /// The last value of a container of 65 536 bits.
  private mutating func bits(_ count: Int) -> Int? {
    guard bytes.count - position >= 8192 else { return nil }
    var found = 0
    var last = 0
    for index in 0..<1024 {
      let word = UInt64(
        littleEndian: bytes.loadUnaligned(
          fromByteOffset: position &+ index &* 8, as: UInt64.self))
      found &+= word.nonzeroBitCount
      if let words { words[index] = word }
      if word != 0 { last = index &* 64 &+ 63 &- word.leadingZeroBitCount }
    }
    position += 8192
    return found == count ? last : nil
  }

  /// The last value of a container of runs that do not touch.
  private mutating func runs(_ count: Int) -> Int? {
    let runCount = read(UInt16.self)
    guard runCount > 0, bytes.count - position >= runCount * 4 else { return nil }
    var total = 0
    var previous = -2
    for index in 0..<runCount {
      let start = peek(UInt16.self, at: position &+ index &* 4)
      let length = peek(UInt16.self, at: position &+ index &* 4 &+ 2)
      guard start > previous &+ 1, start &+ length <= 0xFFFF else { return nil }
      previous = start &+ length
      total &+= length &+ 1
      if let words {
        for value in start...previous { words[value &>> 6] |= 1 &<< UInt64(value & 63) }
      }
    }
    position += runCount * 4
    return total == count ? previous : nil
  }
}
