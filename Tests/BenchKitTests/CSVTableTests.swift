import StorageBase
import Testing

@testable import BenchKit

@Suite struct CSVTableTests {
  @Test func whatIsWrittenIsReadBack() {
    var random = SeededGenerator(seed: 2)
    let pieces = ["", "a", ",", "\"", "\n", "\r", "\r\n", "ü", " ", "1.5", "\"\""]
    func field() -> String {
      (0..<random.next() % 4).map { _ in pieces[Int(random.next() % 11)] }.joined()
    }
    for _ in 0..<2000 {
      let width = 2 + Int(random.next() % 4)
      let table = CSVTable(
        header: (0..<width).map { "c\($0)" },
        rows: (0..<random.next() % 5).map { _ in (0..<width).map { _ in field() } })
      #expect(CSVTable(text: table.text) == table)
    }
  }

  @Test func anUnfinishedLineIsNoRow() {
    let table = CSVTable(text: "a,b\r\n1,2\r\n3,\"4,4\"\r\n5,6")
    #expect(table.header == ["a", "b"])
    #expect(table.rows == [["1", "2"], ["3", "4,4"]])
    #expect(CSVTable(text: "a,b\n1\n1,2,3\n\n4,\"5").rows.isEmpty)
    #expect(CSVTable(text: "").header.isEmpty)
  }

  @Test func fieldsAreFoundByName() {
    let table = CSVTable(text: "a,b\n1.5,x\n,nan\n")
    #expect(table.number("a", of: table.rows[0]) == 1.5)
    #expect(table.number("a", of: table.rows[1]) == nil)
    #expect(table.number("b", of: table.rows[1]) == nil)
    #expect(table.field("b", of: table.rows[0]) == "x")
    #expect(table.field("c", of: table.rows[0]) == "")
  }
}
