import ScanKernels
import StorageBase

/// Columns made from seeds: the same on every machine.
enum Samples {
  static func randomWords(count: Int, seed: UInt64) -> AlignedBuffer {
    fixed(UInt64.self, count: count, seed: seed) { random, _ in random.next() }
  }

  /// `count` values of any width, each made from chance and its ordinal.
  static func fixed<T: BitwiseCopyable>(
    _ type: T.Type, count: Int, seed: UInt64, _ make: (inout SeededGenerator, Int) -> T
  ) -> AlignedBuffer {
    var random = SeededGenerator(seed: seed)
    let buffer = AlignedBuffer(byteCount: count * MemoryLayout<T>.stride)
    let values = buffer.mutableValues(as: T.self)
    for index in 0..<count { values[index] = make(&random, index) }
    return buffer
  }

  /// Sentences of four to nine words, about 40 bytes, as people write into a comment field.
  static func comments(count: Int, seed: UInt64) -> StringTable {
    let words = [
      "quickly", "final", "deposits", "sleep", "regular", "packages", "above", "the", "ironic",
      "requests", "carefully", "express", "accounts", "among", "furiously", "pending", "ideas",
      "bold", "theodolites", "haggle", "blithely", "even", "foxes", "along", "silent", "pinto",
    ]
    var random = SeededGenerator(seed: seed)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count * 50)
    var offsets: [UInt32] = [0]
    for _ in 0..<count {
      let bits = random.next()
      for word in 0..<4 + Int(bits % 6) {
        if word > 0 { bytes.append(0x20) }
        bytes.append(contentsOf: words[Int((bits >> UInt64(8 + word * 5)) % 26)].utf8)
      }
      offsets.append(UInt32(bytes.count))
    }
    return StringTable(count: count, offsets: .of(offsets), bytes: .of(bytes))
  }

  /// `count` codes, evenly drawn, into that many distinct names.
  static func coded(entryCount: Int, count: Int, seed: UInt64) -> ColumnVector {
    let codes = fixed(UInt32.self, count: count, seed: seed) { random, _ in
      UInt32(random.next() % UInt64(entryCount))
    }
    let names = StringTable((0..<entryCount).map { "customer name \($0 * 7919 % entryCount)" })
    return ColumnVector(
      type: .string, count: count, body: .coded(codes: codes, dictionary: names))
  }

  /// The same rows as strings of their own.
  static func uncoded(_ vector: ColumnVector) -> ColumnVector {
    let builder = ColumnBuilder(type: vector.type, capacity: vector.count)
    for row in 0..<vector.count { builder.append(bytes: vector.bytes(at: row)) }
    return builder.finish()
  }

  /// `vector` cut into pages of 8 192 rows, as a scan meets it. Fixed-width columns only.
  static func pages<T: BitwiseCopyable>(
    _ type: DataType, count: Int, seed: UInt64, of: T.Type,
    _ make: (inout SeededGenerator, Int) -> T
  ) -> [ColumnVector] {
    (0..<count / pageRowCount).map { page in
      let values = fixed(T.self, count: pageRowCount, seed: seed &+ UInt64(page), make)
      return ColumnVector(type: type, count: pageRowCount, body: .fixed(values))
    }
  }

  static let pageRowCount = 8192
}
