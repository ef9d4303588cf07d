import ScanKernels
import StorageBase
import StreamTransforms
import Testing

struct StreamBatchTests {
  @Test func rowsKeepTheirOffsets() throws {
    let schema = try Schema([(name: "a", type: .int64, isNullable: false)], sortKeyCount: 1)
    let column = ColumnVector(
      type: .int64, count: 5, body: .fixed(.of([10, 11, 12, 13, 14] as [Int64])))
    let batch = StreamBatch(
      rows: ColumnBatch(schema: schema, rowCount: 5, columns: [column]), partition: "p",
      offsets: .consecutive(from: 100))
    #expect((0..<5).map { batch.offset(of: $0) } == [100, 101, 102, 103, 104])
    let some = batch.gather([4, 1])
    #expect(some.rowCount == 2 && some.partition == "p")
    #expect((0..<2).map { some.offset(of: $0) } == [104, 101])
    let selection = Bitmap(count: 2)
    selection.set(1)
    let kept = some.keeping(selection)
    #expect(kept.rowCount == 1 && kept.offset(of: 0) == 101)
    #expect(kept.rows.columns[0][0] == .integer(11))
  }
  /// What rows have goes with them, and with what is made of it.
  @Test func rowsKeepWhatTheyHave() throws {
    let sample = TableSample(
      [("a", .int64, true), ("b", .int64, true), ("c", .string, true)],
      (0..<100).map { [.integer($0), .integer(-$0), .string("\($0)")] })
    func rows(_ isIn: (Int) -> Bool) -> Bitmap {
      let bitmap = Bitmap(count: 100)
      for row in 0..<100 where isIn(row) { bitmap.set(row) }
      return bitmap
    }
    let given = [rows { $0 % 3 != 0 }, nil, rows { $0 % 5 != 0 }]
    let batch = StreamBatch(
      rows: sample.batch.rows, partition: "p", offsets: .consecutive(from: 0), given: given)
    let sum = RowExpression.arithmetic(.add, .column("a"), .column("b"))
    var chain = try TransformChain(
      [
        TransformStep(
          "sum",
          .compute([
            ComputedColumn("sum", sum), ComputedColumn("a", .column("c")),
            ComputedColumn("one", .literal(.integer(1))),
          ])),
        TransformStep("kept", .filter(.compare(.less, .column("b"), .literal(.integer(-9))))),
        TransformStep("some", .select(["one", "sum", "a", "b"])),
      ], input: sample.schema)
    var rejected: [RejectedRow] = []
    let result = try chain.apply(batch, at: Timestamp(rawValue: 0), rejected: &rejected)
    #expect(result.rowCount == 90)
    let found = chain.given(result)
    #expect(found.count == 4 && found[0] == nil && found[3] == nil)
    for row in 0..<90 {
      #expect(found[1]?[row] == ((row + 10) % 3 != 0))
      #expect(found[2]?[row] == ((row + 10) % 5 != 0))
    }
    #expect(chain.given(sample.batch).isEmpty)
  }
}
