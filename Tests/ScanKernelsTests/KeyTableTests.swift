import StorageBase
import Testing

@testable import ScanKernels

/// Keys are numbered as a dictionary numbers them, whatever their width and the size of the pages
/// they come in, while the table grows.
@Suite struct KeyTableTests {
  @Test(arguments: [1, 2, 3])
  func keysAreNumberedInTheOrderMet(wordCount: Int) {
    var random = SeededGenerator(seed: UInt64(wordCount))
    let table = KeyTable(wordCount: wordCount)
    var expected: [[UInt64]: UInt32] = [:]
    func sample() -> [UInt64] {
      // Few values at first, so that keys come back; words of little difference collide in tags.
      let range = UInt64(10 + expected.count * 2)
      return (0..<wordCount).map { $0 == 0 ? random.next() % range : random.next() % 3 }
    }
    for _ in 0..<20 {
      let key = sample()
      if expected[key] != nil { continue }
      expected[key] = UInt32(table.append(key))
    }
    table.index()
    for page in 0..<60 {
      let keys = (0..<[0, 1, 15, 16, 17, 700][page % 6]).map { _ in sample() }
      let numbers = keys.map { key in
        let number = expected[key] ?? UInt32(expected.count)
        expected[key] = number
        return number
      }
      var found = [UInt32](repeating: 0, count: keys.count)
      if page % 7 == 0 {
        found = keys.map { table.number(of: $0) }
      } else {
        found.withUnsafeMutableBufferPointer { table.numbers(of: keys.flatMap { $0 }, into: $0) }
      }
      #expect(found == numbers, "page \(page)")
    }
    #expect(table.count == expected.count)
    for (key, number) in expected {
      #expect(Array(UnsafeBufferPointer(start: table.key(Int(number)), count: wordCount)) == key)
    }
  }
}
