import InvertedIndex
import ScanKernels
import StorageBase
import Testing

/// Row sets behave as sets of numbers.
struct RowSetTests {
  @Test(arguments: [0, 1, 50, 20_000]) func setAlgebra(count: Int) {
    var generator = SeededGenerator(seed: UInt64(count))
    let random = { (generator: inout SeededGenerator) in
      Set((0..<count).map { _ in UInt32(generator.next() % 200_000) })
    }
    let (a, b) = (random(&generator), random(&generator))
    let (rowsA, rowsB) = (RowSet(Array(a)), RowSet(Array(b)))
    #expect(rowsA.rows == a.sorted())
    #expect(rowsA.count == a.count && rowsA.isEmpty == a.isEmpty)
    #expect(rowsA.union(rowsB).rows == a.union(b).sorted())
    #expect(rowsA.intersection(rowsB).rows == a.intersection(b).sorted())
    #expect(rowsA.subtracting(rowsB).rows == a.subtracting(b).sorted())
    #expect(rowsA.intersectionCount(rowsB) == a.intersection(b).count)
    #expect(rowsA == RowSet(a.sorted()))
    for page in [0..<8192, 8192..<16_384, 65_000..<66_001, 199_000..<300_000, 5..<5] {
      let expected = a.filter { page.contains(Int($0)) }.map { $0 - UInt32(page.lowerBound) }
      #expect(rowsA.count(in: page) == expected.count)
      let found = rowsA.bitmap(of: page)
      #expect((found == nil) == expected.isEmpty)
      let bitmap = found ?? Bitmap(count: page.count)
      #expect(bitmap.count == page.count && bitmap.rowIDs() == expected.sorted())
      let back = RowSet(bitmap, firstRow: page.lowerBound)
      #expect(back == rowsA.intersection(RowSet(page)))
    }
  }

  @Test func ranges() {
    #expect(RowSet(0..<0).isEmpty)
    #expect(RowSet(3..<70_000).count == 69_997)
    #expect(RowSet(3..<70_000).contains(69_999) && !RowSet(3..<70_000).contains(2))
  }
}
