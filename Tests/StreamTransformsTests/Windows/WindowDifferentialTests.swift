import ScanKernels
import StorageBase
import StreamTransforms
import Testing

/// Streams cut into epochs and subtasks at random give what one computation over all rows gives.
struct WindowDifferentialTests {
  private static let aggregates: [WindowAggregate] = [
    WindowAggregate(.count, as: "n"), WindowAggregate(.count, "amount", as: "amounts"),
    WindowAggregate(.sum, "amount", as: "total"), WindowAggregate(.average, "amount", as: "mean"),
    WindowAggregate(.sum, "ratio", as: "ratios"), WindowAggregate(.average, "price", as: "price"),
    WindowAggregate(.min, "price", as: "least"), WindowAggregate(.max, "name", as: "last"),
    WindowAggregate(.min, "name", as: "first"), WindowAggregate(.max, "ratio", as: "top"),
    WindowAggregate(.countDistinct, "name", as: "names"),
    WindowAggregate(.countDistinct, "amount", as: "kinds"),
  ]

  /// One history, driven epoch by epoch.
  private struct History {
    let spec: WindowSpec
    let plan: WindowPlan
    let oracle: WindowOracle
    /// How many epochs later a watermark reaches the subtasks.
    let lag: Int
    var generator: SeededGenerator
    var state: WindowState
    var watermarks: [Timestamp?] = []
    var accepted: [(row: SampleRow, watermark: Int64?)] = []
    var late: Set<Int64> = []
    var foundLate: Set<Int64> = []
    var table: [[Value]: [Value]] = [:]
    var offset: Int64 = 0
    var base: Int64 = 0

    init(seed: UInt64) throws {
      generator = SeededGenerator(seed: seed)
      let kinds: [WindowSpec.Kind] = [
        .tumbling(size: 10), .sliding(size: 12, slide: 5), .sliding(size: 9, slide: 3),
        .session(gap: 4), .session(gap: 1),
      ]
      let keys = [[], ["key"], ["key", "group"], ["group"]]
      spec = WindowSpec(
        kind: kinds[Int(seed) % kinds.count], time: "time",
        keys: keys[Int.random(in: 0..<keys.count, using: &generator)],
        aggregates: WindowDifferentialTests.aggregates,
        delay: Int64.random(in: 0...6, using: &generator),
        allowedLateness: [0, 3, 20][Int.random(in: 0..<3, using: &generator)],
        emit: Bool.random(using: &generator) ? .onClose : .changes)
      plan = try WindowPlan(spec, input: SampleRow.schema)
      oracle = WindowOracle(spec: spec)
      lag = Int.random(in: 0...1, using: &generator)
      state = WindowState(plan)
    }

    private func watermark(forEpoch epoch: Int) -> Timestamp? {
      let index = epoch - 1 - lag
      return watermarks.indices.contains(index) ? watermarks[index] : nil
    }

    /// Some rows of some subtasks, merged in any order.
    mutating func runEpoch() throws {
      let epoch = watermarks.count
      let watermark = watermark(forEpoch: epoch)
      var partials: [WindowPartial] = []
      for subtask in 0..<Int.random(in: 1...4, using: &generator) {
        let partial = WindowPartial(plan, watermark: watermark)
        for _ in 0..<Int.random(in: 0...3, using: &generator) {
          add(to: partial, partition: "p\(subtask % 2)", watermark)
        }
        partials.append(partial)
      }
      while !partials.isEmpty {
        let next = Int.random(in: 0..<partials.count, using: &generator)
        state.merge(partials.remove(at: next))
      }
      let proposed = state.proposedWatermark()
      let next = proposed.map { max(state.watermark ?? $0, $0) } ?? state.watermark
      watermarks.append(next)
      apply(state.advance(to: proposed, purging: self.watermark(forEpoch: epoch + 1)))
      base += Int64.random(in: 0...12, using: &generator)
      if Int.random(in: 0..<3, using: &generator) == 0 { try restart() }
    }

    private mutating func add(
      to partial: WindowPartial, partition: String, _ watermark: Timestamp?
    ) {
      let rows = (0..<Int.random(in: 0...12, using: &generator)).map { _ in
        SampleRow.random(around: base, spread: 9, using: &generator)
      }
      var rejected: [RejectedRow] = []
      let batch = SampleRow.batch(rows, partition: partition, from: offset)
      let found = partial.add(batch, rejected: &rejected)
      #expect(rejected.isEmpty)
      if let found {
        for row in 0..<found.rowCount { foundLate.insert(found.offset(of: row)) }
      }
      for (index, row) in rows.enumerated() {
        if oracle.isLate(row.time ?? 0, watermark: watermark?.rawValue) {
          late.insert(offset + Int64(index))
        } else {
          accepted.append((row, watermark?.rawValue))
        }
      }
      offset += Int64(rows.count)
    }

    mutating func restart() throws {
      let bytes = state.encode()
      state = try WindowState(decoding: bytes, plan: plan, file: "checkpoint")
      #expect(try WindowState(decoding: state.encode(), plan: plan, file: "c").encode() == bytes)
    }

    mutating func apply(_ output: WindowOutput) {
      for row in output.deletes?.allRows ?? [] {
        #expect(table.removeValue(forKey: row) != nil, "a deletion of what is not there")
      }
      let keyCount = plan.keySchema.columns.count
      for row in output.upserts?.allRows ?? [] {
        table[Array(row[..<keyCount])] = Array(row[keyCount...])
      }
    }

    /// What the table must hold by now.
    func check() {
      let expected = oracle.table(accepted)
      switch spec.emit {
      case .changes: #expect(table == expected)
      case .onClose:
        let end = watermarks.last.flatMap { $0 }?.rawValue ?? .min
        func isClosed(_ figures: [Value]) -> Bool {
          if case .integer(let windowEnd) = figures[0] { windowEnd <= Int128(end) } else { false }
        }
        let closed = expected.filter { isClosed($0.value) }
        if case .session = spec.kind {
          // Sessions that others have joined to longer ones are there until these end.
          for (key, figures) in closed { #expect(table[key] == figures) }
        } else {
          #expect(table == closed)
        }
      }
      #expect(late == foundLate)
    }
  }

  @Test(arguments: 0..<80)
  func epochsAndSubtasksGiveWhatABatchGives(seed: Int) throws {
    var history = try History(seed: UInt64(seed))
    for _ in 0..<8 {
      try history.runEpoch()
      history.check()
    }
    let bound = history.state.windowCount
    #expect(bound <= history.oracle.table(history.accepted).count)
    history.apply(history.state.flush())
    #expect(history.table == history.oracle.table(history.accepted))
    // Nothing changes when all windows are closed, and then none is left.
    let end = Timestamp(rawValue: 1 << 61)
    history.apply(history.state.advance(to: end, purging: end))
    #expect(history.table == history.oracle.table(history.accepted))
    #expect(history.state.windowCount == 0)
    #expect(history.accepted.count > 20)
  }

  /// The histories above are not all about nothing.
  @Test func historiesHaveLateRowsAndPurges() throws {
    var (lateCount, purgeCount, deletedCount) = (0, 0, 0)
    for seed in 0..<40 {
      var history = try History(seed: UInt64(seed))
      for _ in 0..<8 {
        let before = history.table.count
        try history.runEpoch()
        if history.table.count < before { deletedCount += 1 }
      }
      lateCount += history.late.count
      if history.state.purgedWatermark != nil { purgeCount += 1 }
    }
    #expect(lateCount > 100 && purgeCount > 20 && deletedCount > 0)
  }
}
