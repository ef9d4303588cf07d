import CompactionPolicies
import QueryEngine
import ScanKernels
import StorageBase
import StorageIO
import StreamDriver
import StreamTransforms
import TabletEngine
import TabletModel

/// A stream into the engine on one thread: its writers and its coordinator take their steps in an
/// order chosen by a seed, on a disk that fails, with processes that are killed and power that is
/// lost at any operation of the disk. After every crash it is started again, with another number of
/// writers. In the end every row of the source must be where it belongs, once.
///
///     let trace = try StreamSimulation(seed: 17).run()
public final class StreamSimulation {
  /// Restarts after which nothing fails any more, so that a run ends.
  private static let crashCountMax: UInt64 = 12
  private static let writerCountMax = 4
  /// Of a partition. Crashes come early: with more rows a run goes on for long when nothing fails
  /// any more.
  private static let rowCountMax: UInt64 = 40
  private static let statePath = "/state"
  /// Steps after which a run that nothing disturbs counts as stuck.
  private static let stepCountMax = 20_000

  private var random: SeededGenerator
  private var world: SimulatedWorld
  private var trace: SimulationTrace
  private let source: NumberedStream
  /// Whether it is a pipeline with windows, whose results go out in one way or the other; nil for
  /// stages written for the simulation.
  private let windows: WindowSpec.Emit?
  /// How tables take rows that give some columns.
  private let strategy: PartialUpdate.Strategy
  private var stream: StreamRun?
  /// Changes of columns that tables had in this run of the stream.
  private var alteredCount = 0
  private var crashesLeft: Int
  private var hasFaults = false
  /// Steps until the process ends, whatever it is doing.
  private var stepsToLive: Int?

  public init(seed: UInt64, keepsEvents: Bool = false) throws {
    var random = SeededGenerator(seed: seed)
    var options = StoreOptions(staleGraceSeconds: Double(random.next() % 4))
    options.inlineRowsetByteCountMax = [0, 1500, 1 << 16][Int(random.next() % 3)]
    options.logFileByteCountMax = [3000, 1 << 20][Int(random.next() % 2)]
    let hasFewVersions = random.next() % 3 == 0
    if random.next() % 3 == 0 { options.loadBufferByteCountMax = 2000 }
    let rowCounts = (0..<(1 + random.next() % 4)).map { _ in Int(random.next() % Self.rowCountMax) }
    let sourceSeed = random.next()
    crashesLeft = Int(random.next() % Self.crashCountMax)
    windows = [nil, .onClose, .changes][Int(random.next() % 3)]
    strategy = PartialUpdate.Strategy.allCases[Int(random.next() % 2)]
    // Loads wait for one another until a checkpoint is complete, so there is room for those of one.
    let loadCountMax = Self.writerCountMax * (windows == nil ? NumberedUpdates.columnCount : 1)
    options.tabletVersionCountMax = hasFewVersions ? loadCountMax + 2 : 1000
    world = SimulatedWorld(options: options)
    var changes: NumberedChanges?
    if windows != nil, random.next() % 2 == 0 {
      changes = NumberedChanges(rowCounts: rowCounts, random: &random)
    }
    source = try NumberedStream(
      rowCounts: rowCounts, seed: sourceSeed, clock: world.clock, changes: changes)
    trace = SimulationTrace(keepsEvents: keepsEvents)
    self.random = random
  }

  /// What has happened so far, also in a run that has failed.
  public var events: [String] { trace.events ?? [] }

  /// - Returns: what happened.
  public func run() throws -> SimulationTrace {
    defer { end(atOnce: true) }
    for step in 0..<Self.stepCountMax {
      do {
        if try !advance() {
          try finish()
          return trace
        }
      } catch {
        throw SimulationFailure("step \(step): \(error)")
      }
    }
    throw SimulationFailure("the stream does not end: \(stream.map { "\($0.status)" } ?? "closed")")
  }

  /// One step of somebody; false when the stream has ended.
  private func advance() throws -> Bool {
    if let steps = stepsToLive {
      stepsToLive = steps - 1
      if steps == 0 {
        crash()
        return true
      }
    }
    guard let run = stream else {
      try start()
      return true
    }
    let writer = Int(random.next() % UInt64(run.writerCount + 2))
    let outcome = writer < run.writerCount ? run.step(writer: writer) : run.stepCoordinator()
    if let failure = run.failure {
      guard hasFaults else { throw SimulationFailure("the stream failed: \(failure)") }
      trace.note("failed", "\(failure)")
      crash()
      return true
    }
    if run.status.schemaChangeCount != alteredCount {
      alteredCount = run.status.schemaChangeCount
      if alteredCount > 0 { trace.note("altered", "\(alteredCount)") }
    }
    if run.status.isFinished { return try finished(run) }
    if case .waiting(let until) = outcome, random.next() % 3 == 0 {
      let seconds = until.seconds(since: world.clock.now())
      world.clock.advance(bySeconds: min(max(seconds, 0.001), 1))
    }
    try disturb(run)
    return true
  }

  /// Whether the stream goes on although it is finished: it had been stopped before its end.
  private func finished(_ run: StreamRun) throws -> Bool {
    trace.note("finished", "\(run.status.counts.readRows)")
    // One that was stopped may have read all rows, and not know it yet.
    let isAll = run.status.isExhausted
    let readCount = run.status.counts.readRows
    guard !isAll || readCount == UInt64(source.ids.count) else {
      throw SimulationFailure("\(readCount) rows were read of \(source.ids.count)")
    }
    end(atOnce: false)
    return !isAll
  }

  private func disturb(_ run: StreamRun) throws {
    switch random.next() % 60 {
    case 0..<2: try compact()
    case 2: try maintain()
    case 4 where crashesLeft > 0: crash()
    case 5 where crashesLeft > 0 && !hasFaults:
      trace.note("disk dies soon")
      setFaults(.dying(atOperation: Int(random.next() % 40), seed: random.next()))
      stepsToLive = Int(random.next() % 40)
    case 6 where crashesLeft > 0 && !hasFaults:
      trace.note("a fault")
      setFaults(.failing(operation: Int(random.next() % 30)))
    case 7 where crashesLeft > 0:
      trace.note("asked to stop")
      crashesLeft -= 1
      run.requestStop()
    default: break
    }
  }

  private func setFaults(_ plan: FaultPlan) {
    hasFaults = plan != .none
    world.setFaults(plan)
  }

  // MARK: Beginnings and ends

  private func start() throws {
    guard try world.open(), let store = world.store else { return }
    do {
      try createTables(in: store)
      try checkNothingTwice(store)
      stream = try StreamRun(
        try plan(for: store), stateDirectory: Self.statePath, files: world.files,
        clock: world.clock)
      trace.note("start", "\(stream?.writerCount ?? 0) writers")
    } catch {
      guard hasFaults else { throw error }
      trace.note("start failed", "\(error)")
      crash()
    }
  }

  private func plan(for store: Store) throws -> StreamPlan {
    var plan =
      try windows.map { emit in
        let spec = NumberedWindows.pipeline(emit: emit, changesColumns: source.changes != nil)
        return try Pipeline(spec, from: source, store: store).plan
      } ?? numberedPlan(store)
    plan.writerCount = 1 + Int(random.next() % UInt64(Self.writerCountMax))
    plan.batchRowCount = 1 + Int(random.next() % 20)
    plan.pacing = CheckpointPacing(seconds: [0.05, 0.5, 3][Int(random.next() % 3)])
    // Rows of a partition that was left behind would be late.
    plan.idleSeconds = windows == nil ? 0.5 : 1e9
    return plan
  }

  private func numberedPlan(_ store: Store) -> StreamPlan {
    let source = source
    let tables = NumberedStages.tables
    let sink = StoreSink(
      store, tables: [tables.even, tables.odd, tables.totals, tables.fixed, tables.flexible])
    var plan = StreamPlan(source: source, sink: sink, labelPrefix: "numbers") { _, _ in
      try NumberedStages(source)
    }
    plan.operators = { try TotalsOperators() }
    return plan
  }

  private func createTables(in store: Store) throws {
    let known = Set(store.snapshot().map(\.definition.name))
    let tables = NumberedStages.tables
    for name in [tables.even, tables.odd] where !known.contains(name) {
      try store.createTable(
        TableDefinition(name: name, schema: source.schema, distribution: ["id"], bucketCount: 2))
    }
    let updates = try NumberedUpdates()
    for name in [tables.fixed, tables.flexible] where !known.contains(name) {
      try store.createTable(updates.definition(name: name, strategy: strategy))
    }
    guard !known.contains(tables.totals) else { return }
    try store.createTable(TableDefinition(name: tables.totals, schema: Totals.makeSchema()))
  }

  /// The process is killed, or the power fails.
  private func crash() {
    crashesLeft -= 1
    if random.next() % 2 == 0 {
      end(atOnce: true)
    } else {
      stream = nil
      trace.note("power failure")
      world.losePower(seed: random.next())
    }
    hasFaults = false
    stepsToLive = nil
  }

  private func end(atOnce: Bool) {
    trace.note(atOnce ? "kill" : "close")
    if atOnce { world.setFaults(.dying(atOperation: 0)) }
    stream = nil
    world.end(atOnce: atOnce)
    hasFaults = false
    stepsToLive = nil
  }

  // MARK: Work beside the stream

  private func compact() throws {
    guard let store = world.store else { return }
    let executor = SimulatedExecutor(seed: random.next())
    let policy = try PolicyCatalogue.shipped.policy("gradient:min_deltas=2").policy
    let scheduler = CompactionScheduler(
      store: store, policy: policy,
      lanes: [
        CompactionLane(kinds: [.cumulative, .base, .full], slotCount: 1, executor: executor)
      ],
      onEvent: { _ in })
    scheduler.start()
    executor.runAll()
    scheduler.stop(cancelRunning: false)
    trace.note("compact")
  }

  private func maintain() throws {
    guard let store = world.store else { return }
    do {
      _ = try store.maintain()
      try store.checkpoint()
      try store.sweepStaleRowsets()
    } catch {
      guard hasFaults else { throw error }
    }
  }

  // MARK: What must hold

  private func ids(_ table: String, in store: Store) throws -> [Int64] {
    let snapshot = try store.snapshot(of: table)
    let query = try SQLStatement("SELECT id FROM \(table)").bound(to: snapshot.definition.schema)
    return try query.query.run(on: snapshot).result.rows.map { row in
      guard case .integer(let id) = row[0] else { throw SimulationFailure("a row has no number") }
      return Int64(id)
    }
  }

  private func checkNothingTwice(_ store: Store) throws {
    for table in [NumberedStages.tables.even, NumberedStages.tables.odd] {
      let ids = try ids(table, in: store)
      guard Set(ids).count == ids.count else {
        throw SimulationFailure("\(table) has rows twice: \(ids.count - Set(ids).count)")
      }
    }
  }

  private func finish() throws {
    guard try world.open(), let store = world.store else {
      throw SimulationFailure("open failed without a fault")
    }
    let tables = NumberedStages.tables
    let kept = source.ids.filter { windows != nil || !NumberedStages.isRejected($0) }
    for (table, parity) in [(tables.even, 0), (tables.odd, 1)] {
      let expected = kept.filter { $0 & 1 == parity }
      let found = try ids(table, in: store).sorted()
      guard found == expected.sorted() else {
        throw SimulationFailure(
          "\(table) has \(found.count) rows, expected \(expected.count) once each")
      }
    }
    if let changes = source.changes { try check(changes, in: store) }
    if windows == nil {
      try checkTotals(store, kept)
      try check(tables.fixed, NumberedUpdates.fixedRows(kept), in: store)
      try check(tables.flexible, NumberedUpdates.flexibleRows(kept), in: store)
      try checkRejected()
    } else {
      try check("minutes", NumberedWindows.minutes, in: store)
      try check("sessions", NumberedWindows.sessions, in: store)
    }
    let waiting = store.allTransactions().filter { !$0.state.isFinal }
    guard waiting.isEmpty else {
      throw SimulationFailure("transactions nobody decides: \(waiting.map(\.label))")
    }
  }

  /// All rows have the columns that the changes made, and values of their own time in them.
  private func check(_ changes: NumberedChanges, in store: Store) throws {
    var found: [[Value]] = []
    for table in [NumberedStages.tables.even, NumberedStages.tables.odd] {
      let snapshot = try store.snapshot(of: table)
      let query = try SQLStatement("SELECT id, value, extra, name FROM \(table)")
        .bound(to: snapshot.definition.schema)
      found += try query.query.run(on: snapshot).result.rows
      let names = snapshot.definition.schema.columns.map(\.name)
      guard names == ["id", "value", "name", "grp", "parity", "at", "extra"] else {
        throw SimulationFailure("\(table) has the columns \(names)")
      }
    }
    let sorted = found.sorted { "\($0[0])" < "\($1[0])" }
    let expected = source.ids.map(changes.expectedRow).sorted { "\($0[0])" < "\($1[0])" }
    if let wrong = zip(sorted, expected).first(where: { $0 != $1 }) {
      throw SimulationFailure("a row is \(wrong.0), expected \(wrong.1)")
    }
    let refused = try rejectedLines().count { $0.contains("schema change") }
    guard refused == source.rowCounts.count else {
      throw SimulationFailure("\(refused) changes were refused, not one for each partition")
    }
  }

  private func checkTotals(_ store: Store, _ kept: [Int64]) throws {
    let snapshot = try store.snapshot(of: NumberedStages.tables.totals)
    let query = try SQLStatement("SELECT * FROM totals ORDER BY grp")
      .bound(to: snapshot.definition.schema)
    var expected = Totals()
    for id in kept { expected.add(id) }
    let found = try query.query.run(on: snapshot).result.rows
    let wanted = expected.rows.map { $0.map { Value.integer(Int128($0)) } }
    guard found == wanted else {
      throw SimulationFailure("totals are \(found), expected \(wanted)")
    }
  }

  private func check(_ table: String, _ expected: [[Value]], in store: Store) throws {
    let snapshot = try store.snapshot(of: table)
    let query = try SQLStatement("SELECT * FROM \(table) ORDER BY key")
      .bound(to: snapshot.definition.schema)
    let found = try query.query.run(on: snapshot).result.rows
    guard found == expected else {
      throw SimulationFailure(
        "\(table) has \(found.count) rows, expected \(expected.count); the first that is wrong: "
          + "\(zip(found, expected).first { $0 != $1 }.map { "\($0)" } ?? "the last")")
    }
  }

  private func check(_ table: String, _ window: WindowSpec, in store: Store) throws {
    let snapshot = try store.snapshot(of: table)
    let query = try SQLStatement("SELECT * FROM \(table)").bound(to: snapshot.definition.schema)
    let found = try query.query.run(on: snapshot).result.rows.map { row in
      row.map { value -> Int64 in
        if case .integer(let number) = value { Int64(number) } else { -1 }
      }
    }.sorted { $0.lexicographicallyPrecedes($1) }
    let expected = NumberedWindows.expected(window, ids: source.ids)
    guard found == expected else {
      throw SimulationFailure(
        "\(table) has \(found.count) windows, expected \(expected.count); the first that is "
          + "wrong: \(zip(found, expected).first { $0 != $1 }.map { "\($0)" } ?? "the last")")
    }
  }

  private func rejectedLines() throws -> [String] {
    var lines: [String] = []
    for name in try world.files.listDirectory(Self.statePath) where name.hasSuffix(".jsonl") {
      let file = try world.files.openForReading("\(Self.statePath)/\(name)", cause: .tool)
      let bytes = try file.read(at: 0, count: Int(file.byteCount))
      lines += String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }
    return lines
  }

  private func checkRejected() throws {
    let lines = try rejectedLines()
    let expected = source.ids.filter(NumberedStages.isRejected).map(NumberedStages.line)
    guard lines.sorted() == expected.sorted() else {
      throw SimulationFailure("\(lines.count) rejected rows, expected \(expected.count)")
    }
  }
}
