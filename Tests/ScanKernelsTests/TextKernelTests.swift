import CKernels
import ScanKernels
import StorageBase
import Testing

/// Searching bytes at every level gives what trying every place gives.
@Suite struct TextKernelTests {
  /// Texts of every length up to several vectors, of few letters, so that parts of the needle are
  /// everywhere; memory is exactly as large as the text.
  @Test func occurrencesAreFoundAtEveryLevel() {
    for (level, table) in Levels.all.enumerated() {
      var random = SeededGenerator(seed: UInt64(level))
      for count in Array(0...150) + [191, 192, 193, 255, 256, 257, 1000] {
        for _ in 0..<6 {
          let letters = 1 + random.next() % 3
          let text = (0..<count).map { _ in UInt8(97 + random.next() % letters) }
          var needle = (0...Int(random.next() % 12)).map { _ in UInt8(97 + random.next() % letters)
          }
          // Half of them are there, most others are not.
          if random.next() % 2 == 0, count > 0 {
            let start = Int(random.next() % UInt64(count))
            needle = Array(text[start...].prefix(1 + Int(random.next() % 70)))
          }
          let found = table.text.find(text, text.count, needle, needle.count)
          #expect(found == expected(text, needle), "\(text) \(needle)")
        }
      }
    }
  }

  private func expected(_ text: [UInt8], _ needle: [UInt8]) -> Int {
    guard text.count >= needle.count else { return text.count }
    let starts = 0...text.count - needle.count
    return starts.first { text[$0...].prefix(needle.count).elementsEqual(needle) } ?? text.count
  }
}
