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
}
