import ScanKernels
import StorageBase
import Testing

@testable import StreamTransforms

struct WindowStateTests {
  private func plan(
    _ kind: WindowSpec.Kind, keys: [String] = ["key"], delay: Int64 = 0, lateness: Int64 = 0,
    _ emit: WindowSpec.Emit = .onClose,
    _ aggregates: [WindowAggregate] = [WindowAggregate(.sum, "amount", as: "total")]
  ) throws -> WindowPlan {
    try WindowPlan(
      WindowSpec(
        kind: kind, time: "time", keys: keys, aggregates: aggregates, delay: delay,
        allowedLateness: lateness, emit: emit), input: SampleRow.schema)
  }

  private func partial(
    _ plan: WindowPlan, _ rows: [(String, Int64?, Int64)], watermark: Int64? = nil,
    late: UnsafeMutablePointer<Int>? = nil, rejected: UnsafeMutablePointer<[RejectedRow]>? = nil
  ) -> WindowPartial {
    let partial = WindowPartial(plan, watermark: watermark.map { Timestamp(rawValue: $0) })
    let batch = SampleRow.batch(
      rows.map { SampleRow(key: $0.0, group: 0, time: $0.1, amount: $0.2) }, partition: "p",
      from: 0)
    var sent: [RejectedRow] = []
    let found = partial.add(batch, rejected: &sent)
    late?.pointee = found?.rowCount ?? 0
    rejected?.pointee = sent
    return partial
  }

  private func time(_ value: Int64) -> Timestamp { Timestamp(rawValue: value) }

  @Test func schemasSayWhatComesOut() throws {
    let plan = try plan(
      .tumbling(size: 10), keys: ["key", "group"], delay: 0, lateness: 0, .onClose,
      [
        WindowAggregate(.count, as: "n"), WindowAggregate(.sum, "price", as: "revenue"),
        WindowAggregate(.average, "amount", as: "mean"), WindowAggregate(.max, "name", as: "top"),
      ])
    #expect(
      plan.outputSchema.columns.map { "\($0.name) \($0.type)\($0.isNullable ? "?" : "")" } == [
        "key string?", "group int32", "window_start datetime", "window_end datetime", "n int64",
        "revenue decimal(38,2)?", "mean double?", "top string?",
      ])
    #expect(plan.outputSchema.sortKeyCount == 3 && plan.outputSchema.keysModel == .unique)
    #expect(plan.keySchema.columns.map(\.name) == ["key", "group", "window_start"])
  }

  @Test func allMistakesOfASpecificationAreSaid() throws {
    let spec = WindowSpec(
      kind: .sliding(size: 5, slide: 7), time: "tme", keys: ["kye"],
      aggregates: [
        WindowAggregate(.sum, "name", as: "a"), WindowAggregate(.max, as: "b"),
        WindowAggregate(.count, "nam", as: "c"),
      ], delay: -1)
    do {
      _ = try WindowPlan(spec, input: SampleRow.schema)
      Issue.record("taken")
    } catch {
      for part in [
        "6 mistakes", "time tme is not a column; did you mean time?", "slide is longer than size",
        "delay is -1", "key kye is not a column; did you mean key?", "sum of name, which is a",
        "max b needs a column", "count nam is not a column",
      ] where part != "6 mistakes" {
        #expect("\(error)".contains(part), "\(part) in \(error)")
      }
    }
  }

  /// A row within a session that has gone out moves its start: the old row is deleted.
  @Test func aSessionThatGrowsBackReplacesItsRow() throws {
    let plan = try plan(.session(gap: 10), .changes)
    let state = WindowState(plan)
    state.merge(partial(plan, [("a", 100, 1), ("a", 105, 2)]))
    var output = state.advance(to: time(100), purging: nil)
    #expect(output.deletes == nil)
    #expect(output.upserts?.allRows == [[.string("a"), .integer(100), .integer(115), .integer(3)]])
    state.merge(partial(plan, [("a", 95, 4)], watermark: 100))
    output = state.advance(to: time(100), purging: time(100))
    #expect(output.deletes?.allRows == [[.string("a"), .integer(100)]])
    #expect(output.upserts?.allRows == [[.string("a"), .integer(95), .integer(115), .integer(7)]])
    #expect(state.advance(to: time(100), purging: time(100)).isEmpty)
  }

  /// Two sessions of the table, and a row that joins them.
  @Test func sessionsThatAreJoinedBecomeOneRow() throws {
    let plan = try plan(.session(gap: 10), lateness: 50)
    let state = WindowState(plan)
    state.merge(partial(plan, [("a", 0, 1), ("a", 15, 2), ("b", 3, 5)]))
    #expect(state.advance(to: time(30), purging: time(30)).upserts?.rowCount == 3)
    #expect(state.windowCount == 3)
    state.merge(partial(plan, [("a", 8, 4)], watermark: 30))
    let output = state.advance(to: time(31), purging: time(31))
    #expect(output.deletes?.allRows == [[.string("a"), .integer(15)]])
    #expect(output.upserts?.allRows == [[.string("a"), .integer(0), .integer(25), .integer(7)]])
  }

  @Test func lateRowsGoToTheSideAndTimesThatAreNoneAreRejected() throws {
    let plan = try plan(.tumbling(size: 10), lateness: 5)
    var late = 0
    var rejected: [RejectedRow] = []
    // Windows end at 10 and 20: the first takes rows until the watermark is 15.
    let partial = partial(
      plan, [("a", 9, 1), ("a", 10, 1), ("a", nil, 1), ("a", .max, 1)], watermark: 15, late: &late,
      rejected: &rejected)
    #expect(late == 1 && partial.lateRowCount == 1 && partial.rowCount == 1)
    #expect(rejected.map(\.offset) == [2, 3] && rejected.map(\.rule) == ["window", "window"])
    #expect(rejected[0].reason == "the event time is null")
    #expect(rejected[0].row.contains(#""key":"a""#))
    var none = 0
    _ = self.partial(plan, [("a", 9, 1)], watermark: 14, late: &none)
    #expect(none == 0)
  }

  /// The watermark is that of the slowest partition, and of those that are expected.
  @Test func theSlowestPartitionHoldsTheWatermark() throws {
    let plan = try plan(.tumbling(size: 10), delay: 3)
    let state = WindowState(plan)
    #expect(state.proposedWatermark() == nil)
    state.expect(partitions: ["p", "q"])
    state.merge(partial(plan, [("a", 50, 1)]))
    #expect(state.proposedWatermark() == nil)
    #expect(state.proposedWatermark(withoutPartitions: ["q"]) == time(47))
    let other = WindowPartial(plan, watermark: nil)
    var rejected: [RejectedRow] = []
    _ = other.add(
      SampleRow.batch(
        [SampleRow(key: nil, group: 0, time: 20)], partition: "q", from: 0), rejected: &rejected)
    state.merge(other)
    #expect(state.proposedWatermark() == time(17))
    _ = state.advance(to: time(17), purging: nil)
    #expect(state.advance(to: time(5), purging: nil).isEmpty && state.watermark == time(17))
  }

  @Test func aStateOfOtherWindowsIsRefused() throws {
    let bytes = WindowState(try plan(.tumbling(size: 10))).encode()
    #expect(throws: StorageError.self) {
      try WindowState(decoding: bytes, plan: try plan(.tumbling(size: 20)), file: "c")
    }
    // Lateness may change.
    _ = try WindowState(
      decoding: bytes, plan: try plan(.tumbling(size: 10), lateness: 9), file: "c")
  }

  private func someState(_ kind: WindowSpec.Kind) throws -> (WindowPlan, [UInt8]) {
    let plan = try plan(
      kind, keys: ["key", "group"], .changes,
      [
        WindowAggregate(.count, as: "n"), WindowAggregate(.sum, "ratio", as: "r"),
        WindowAggregate(.max, "name", as: "m"), WindowAggregate(.min, "amount", as: "a"),
        WindowAggregate(.countDistinct, "name", as: "d"),
        WindowAggregate(.countDistinct, "amount", as: "e"),
        WindowAggregate(.max, "ratio", as: "x"),
      ])
    var generator = SeededGenerator(seed: 7)
    let rows = (0..<40).map { _ in SampleRow.random(around: 50, spread: 40, using: &generator) }
    let partial = WindowPartial(plan, watermark: nil)
    var rejected: [RejectedRow] = []
    _ = partial.add(SampleRow.batch(rows, partition: "p", from: 0), rejected: &rejected)
    let state = WindowState(plan)
    state.merge(partial)
    _ = state.advance(to: time(40), purging: nil)
    return (plan, state.encode())
  }

  /// Cut off or changed anywhere, the bytes are refused or are another state; nothing traps.
  @Test(arguments: [WindowSpec.Kind.tumbling(size: 10), .session(gap: 3)])
  func hostileBytesAreRefused(kind: WindowSpec.Kind) throws {
    let (plan, bytes) = try someState(kind)
    #expect(try WindowState(decoding: bytes, plan: plan, file: "c").encode() == bytes)
    for count in 0..<bytes.count {
      #expect(throws: StorageError.self) {
        try WindowState(decoding: Array(bytes[..<count]), plan: plan, file: "c")
      }
    }
    var generator = SeededGenerator(seed: 1)
    var refusedCount = 0
    for _ in 0..<4000 {
      var changed = bytes
      for _ in 0..<Int.random(in: 1...3, using: &generator) {
        changed[Int.random(in: 0..<changed.count, using: &generator)] = UInt8.random(
          in: 0...255, using: &generator)
      }
      do {
        let state = try WindowState(decoding: changed, plan: plan, file: "c")
        _ = state.advance(to: time(1000), purging: time(1000))
        _ = state.flush()
      } catch is StorageError {
        refusedCount += 1
      }
    }
    #expect(refusedCount > 1000)
  }
}
