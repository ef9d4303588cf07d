import CKernels
import StorageBase
import Testing

@testable import TabletEngine

/// The table of row handles does what a dictionary does.
@Suite struct RowHandleTableTests {
  /// Codes that are easy, and some that are as hard as can be made by who knows the secret.
  enum Codes: CaseIterable {
    case few, spread, crowded, equalFirstWords, extreme
  }

  private static let rowCounts = [0, 1, 2, 31, 32, 33, 65, 300]

  private func pool(
    _ kind: Codes, width: Int, _ secret: KeySecret, _ random: inout SeededGenerator
  ) -> [[UInt64]] {
    (0..<(kind == .few ? 5 : 600)).map { number in
      let first: UInt64
      switch kind {
      case .few, .spread: first = random.next()
      // All at one home, the last one of a small shard.
      case .crowded: first = unscrambled(~0 << 20 | UInt64(number), secret)
      case .equalFirstWords: first = width == 1 ? UInt64(number) : UInt64(number % 3)
      case .extreme:
        let scrambled = number % 2 == 0 ? UInt64(number / 2) : ~UInt64(number / 2)
        first = unscrambled(scrambled, secret)
      }
      guard width == 2 else { return [first] }
      return [first, kind == .extreme ? ~UInt64(number % 3) : UInt64(number)]
    }
  }

  @Test(arguments: Codes.allCases, [(1, false), (1, true), (2, false), (2, true)])
  func isLikeADictionary(kind: Codes, shape: (Int, Bool)) {
    let (width, hasSequences) = shape
    var random = SeededGenerator(seed: UInt64(width) * 2 + (hasSequences ? 1 : 0))
    let secret = KeySecret(using: &random)
    let pool = pool(kind, width: width, secret, &random)
    var pair = TableAndModel(width: width, hasSequences: hasSequences, secret: secret)
    for step in 0..<250 {
      let rowCount = Self.rowCounts.randomElement(using: &random) ?? 0
      let rows = (0..<rowCount).map { _ in Int.random(in: pool.indices, using: &random) }
      let codes = rows.map { pool[$0] }
      switch Int.random(in: 0..<(step < 120 ? 7 : 10), using: &random) {
      case 0..<4: pair.exchange(codes, &random)
      case 4: pair.exchangeAndUndo(codes, &random)
      case 5: pair.set(codes, &random)
      case 6: pair.replace(codes, &random)
      case 7: pair.table.reserve(Int.random(in: 0..<5000, using: &random))
      default: pair.remove(codes)
      }
      pair.check(codes)
      if step % 25 == 0 { pair.check(pool) }
    }
    pair.check(pool)
    pair.remove(pool)
    pair.check(pool)
    #expect(pair.table.count == 0)
    expectSound(pair.table)
  }

  @Test(arguments: [1, 2])
  func growsAndShrinks(width: Int) {
    var random = SeededGenerator(seed: 7)
    let table = RowHandleTable(
      width: width, hasSequences: false, secret: KeySecret(using: &random))
    let count = 150_000
    let codes = (0..<UInt64(count * width)).map { $0 &* 0x1_0000_0001 }
    let batch = 1000 * width
    var previous = [UInt32](repeating: 0, count: 1000)
    for start in stride(from: 0, to: codes.count, by: batch) {
      exchange(table, codes[start..<start + batch], first: start / width, into: &previous)
      #expect(previous.allSatisfy { $0 == RowHandleTable.none })
    }
    expectSound(table)
    #expect(table.shardCount > 1 && table.count == count)
    let found = find(table, codes)
    #expect(found == Array(0..<UInt32(count)))
    let fullByteCount = table.byteCount
    for start in stride(from: 0, to: codes.count, by: batch) {
      codes[start..<start + batch].withUnsafeBufferPointer { table.remove($0) }
    }
    expectSound(table)
    #expect(table.count == 0 && table.byteCount < fullByteCount / 4)
  }

  /// A directory does not grow for codes that no directory can tell apart.
  @Test func splitsWhatCannotBeDivided() {
    var random = SeededGenerator(seed: 9)
    let secret = KeySecret(using: &random)
    var pair = TableAndModel(width: 1, hasSequences: false, secret: secret)
    let codes = (0..<1500).map { [unscrambled(0xABCD << 48 | UInt64($0) << 20, secret)] }
    pair.exchange(codes, &random)
    pair.table.reserve(1_000_000)
    expectSound(pair.table)
    pair.check(codes)
    #expect((10..<200).contains(pair.table.shardCount))
    pair.exchange((0..<3000).map { _ in [random.next()] }, &random)
    expectSound(pair.table)
    pair.check(codes)
  }

  @Test func takesSixteenBytesForARow() {
    var random = SeededGenerator(seed: 11)
    let table = RowHandleTable(width: 1, hasSequences: false, secret: KeySecret(using: &random))
    #expect(table.byteCount < 100)
    var previous = [UInt32](repeating: 0, count: 4096)
    exchange(table, (0..<10)[...].map(UInt64.init)[...], first: 0, into: &previous)
    #expect(table.byteCount < 500)
    exchange(table, (0..<1000)[...].map(UInt64.init)[...], first: 0, into: &previous)
    #expect(table.byteCount < 17_000)
    var codes = [UInt64](repeating: 0, count: 4096)
    var greatest = 0.0
    while table.count < 3_000_000 {
      let first = table.count
      for row in codes.indices { codes[row] = UInt64(first &+ row) }
      exchange(table, codes[...], first: first, into: &previous)
      guard table.count >= 100_000 else { continue }
      greatest = max(greatest, Double(table.byteCount) / Double(table.count))
    }
    #expect(greatest <= 16, "\(greatest) bytes a row")
  }
}

private func exchange(
  _ table: RowHandleTable, _ codes: ArraySlice<UInt64>, first: Int, into previous: inout [UInt32]
) {
  previous.withUnsafeMutableBufferPointer { previous in
    codes.withUnsafeBufferPointer {
      _ = table.exchange(
        $0, with: .ascending(from: UInt32(first)), outcome: ExchangeOutcome(previous: previous))
    }
  }
}

private func find(_ table: RowHandleTable, _ codes: [UInt64]) -> [UInt32] {
  [UInt32](unsafeUninitializedCapacity: codes.count / table.width) { handles, count in
    codes.withUnsafeBufferPointer { table.find($0, into: handles) }
    count = handles.count
  }
}

/// Undoes the steps of the scrambling, last one first.
private func unscrambled(_ hash: UInt64, _ secret: KeySecret) -> UInt64 {
  func unshifted(_ word: UInt64, _ bits: UInt64) -> UInt64 {
    var result = word
    for _ in 0..<(64 / bits) { result = word ^ result >> bits }
    return result
  }
  func inverse(_ odd: UInt64) -> UInt64 {
    var inverse = odd
    for _ in 0..<6 { inverse = inverse &* (2 &- odd &* inverse) }
    return inverse
  }
  var word = unshifted(hash, 31) &* inverse(0x94D0_49BB_1331_11EB)
  word = unshifted(word, 29) &* inverse(secret.tableFactor)
  return unshifted(word, 32) ^ secret.tableMask
}

/// Entries ascend, none is before its home or behind a gap, and what is counted is there.
private func expectSound(_ table: RowHandleTable) {
  let stride = ck_row_stride(&table.table)
  var (count, byteCount) = (0, 0)
  for index in 0..<table.shardCount {
    let shard = table.table.shards[index]
    byteCount += (shard.slot_count + 1) * stride
    let bytes = UnsafeRawPointer(shard.slots!)
    var last: [UInt64] = []
    var gapEnd = 0
    for slot in 0...shard.slot_count {
      let at = bytes + slot * stride
      guard at.loadUnaligned(fromByteOffset: stride - 4, as: UInt32.self) != RowHandleTable.none
      else {
        gapEnd = slot + 1
        continue
      }
      count += 1
      let words = (0..<table.width).map {
        at.loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self)
      }
      let bits = words[0] << UInt64(shard.depth)
      let home = Int(bits.multipliedFullWidth(by: UInt64(shard.home_count)).high)
      #expect((gapEnd...slot).contains(home), "slot \(slot) of \(shard.slot_count)")
      #expect(last.lexicographicallyPrecedes(words))
      let place = shard.depth == 0 ? 0 : Int(words[0] >> (64 - UInt64(table.table.depth)))
      #expect(table.table.directory[place] == UInt32(index))
      last = words
    }
    #expect(gapEnd == shard.slot_count + 1, "the last slot is empty")
  }
  #expect(count == table.count && byteCount == table.slotByteCount)
}
