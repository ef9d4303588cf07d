import ScanKernels
import StorageBase
import Testing

@testable import TabletEngine

@Suite struct DeletedRowsTests {
  /// Ranges that begin and end anywhere, behind the end of the bitmap too.
  @Test(arguments: 0..<6) func liveRowsAreThoseThatAreNotDeleted(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<300 {
      let bitmap = Bitmap(count: Int(random.next() % 400))
      let rarity = 1 + random.next() % 90
      for row in 0..<bitmap.count where random.next() % rarity == 0 { bitmap.set(row) }
      let deleted = DeletedRows(bitmap, count: bitmap.setCount)
      let start = Int(random.next() % 300)
      let range = (random.next() % 2 == 0 ? start / 64 * 64 : start)..<start + 330
      let live = deleted.live(in: range)
      let expected = range.map { !deleted.contains($0) }
      #expect((live == nil) == expected.allSatisfy { $0 })
      if let live {
        #expect(live.count == range.count && (0..<live.count).map { live[$0] } == expected)
        #expect(live.setCount == expected.count { $0 })
      }
      #expect(deleted.count(in: range) == expected.count { !$0 })
      let selection = Bitmap(count: range.count)
      for row in 0..<range.count where random.next() % 3 == 0 { selection.set(row) }
      let rest = selection.copy()
      deleted.remove(from: rest, of: range)
      #expect((0..<range.count).allSatisfy { rest[$0] == (selection[$0] && expected[$0]) })
      #expect(rest.setCount == rest.rowIDs().count)
    }
  }
}
