import StorageBase
import StorageIO
import StreamTransforms

/// One of the parallel writers of a stream: reads its partitions in turn, and puts what the stages
/// make of the rows into a load, which it pre-commits for each checkpoint. It is one thread's at a
/// time.
final class StreamWriter: @unchecked Sendable {
  private final class OpenPartition {
    let name: String
    var position: SourcePosition
    /// Nil before it is opened, and while the source is out of reach.
    var reader: (any PartitionReader)?
    var hasEnded = false
    var lastRowsAt: Timestamp
    var retryAt: Timestamp?
    var failureCount = 0
    /// The change of columns that it waits at.
    var asked: AskedChange?
    /// Changes that a load has to know of to take its rows.
    var changeCount = 0

    init(_ name: String, _ position: SourcePosition, at now: Timestamp) {
      self.name = name
      self.position = position
      lastRowsAt = now
    }
  }

  /// Seconds before a source that is out of reach is tried again: doubling, up to the second.
  private static let retrySeconds = (first: 0.1, last: 10.0)

  private let number: Int
  private let plan: StreamPlan
  private let stages: any StreamStages
  private let sideOutputs: SideOutputs
  private let clock: any TimeSource
  private let stopwatch: any Stopwatch
  private let onTrouble: @Sendable (String) -> Void
  private let onVisible: @Sendable ([RowArrival]) -> Void
  private let onHeld: @Sendable () -> Void
  private var partitions: [OpenPartition] = []
  private var turn = 0
  private var load: (any SinkLoad)?
  /// Changes of columns that tables had had when it was begun.
  private var loadChangeCount = 0
  /// What is in the load, and since when, where batches have limits.
  private var filled = (rowCount: 0, byteCount: 0, since: Timestamp.beforeEverything)
  /// Pre-committed for the present checkpoint already.
  private var pending: [PendingLoad]?
  private var counts = PipelineCounts()
  private var arrivals: [RowArrival] = []
  private var work = StageWork()
  /// The checkpoint that the rows of now are for.
  private(set) var checkpoint: UInt64

  init(
    number: Int, plan: StreamPlan, stages: any StreamStages, firstCheckpoint: UInt64,
    sideOutputs: SideOutputs, clock: any TimeSource, stopwatch: any Stopwatch,
    onTrouble: @escaping @Sendable (String) -> Void,
    onVisible: @escaping @Sendable ([RowArrival]) -> Void,
    onHeld: @escaping @Sendable () -> Void
  ) {
    self.number = number
    self.plan = plan
    self.stages = stages
    self.sideOutputs = sideOutputs
    self.clock = clock
    self.stopwatch = stopwatch
    self.onTrouble = onTrouble
    self.onVisible = onVisible
    self.onHeld = onHeld
    checkpoint = firstCheckpoint
  }

  func adopt(_ partition: String, _ position: SourcePosition) {
    partitions.append(OpenPartition(partition, position, at: clock.now()))
  }

  /// Reads and writes one batch.
  /// - Throws: `StorageError.tooManyVersions` when it should be called again later.
  func step() throws -> StepOutcome {
    if isBatchFull() { try commitBatch() }
    var readyAt: Timestamp?
    for _ in partitions.indices {
      let partition = partitions[turn]
      turn = (turn + 1) % partitions.count
      guard !partition.hasEnded else { continue }
      if isHeld(partition) {
        readyAt = readyAt ?? clock.now().advanced(bySeconds: StreamRun.idleSeconds)
        continue
      }
      switch try read(partition) {
      case .rows(let batch):
        try take(batch, of: partition)
        return .worked
      case .change(let event, let next):
        try meet(AskedChange(event: event, next: next), in: partition)
        return .worked
      case .waiting(let until):
        let time = until ?? clock.now().advanced(bySeconds: RowPacer.lingerSeconds)
        readyAt = min(readyAt ?? time, time)
      case .ended: partition.hasEnded = true
      }
    }
    return readyAt.map { .waiting(until: $0) } ?? .ended
  }

  private func read(_ partition: OpenPartition) throws -> SourceReading {
    let now = clock.now()
    if let retryAt = partition.retryAt {
      guard now >= retryAt else { return .waiting(until: retryAt) }
      partition.retryAt = nil
    }
    let start = stopwatch.seconds()
    defer { work.readSeconds += stopwatch.seconds() - start }
    do {
      let reader = try partition.reader ?? open(partition)
      partition.reader = reader
      let reading = try reader.read(maxRows: plan.batchRowCount)
      partition.failureCount = 0
      return reading
    } catch let error as StorageError {
      guard case .io = error else { throw error }
      return .waiting(until: retreat(partition, error, now))
    }
  }

  private func open(_ partition: OpenPartition) throws -> any PartitionReader {
    guard let schema = plan.schema else {
      return try plan.source.open(partition.name, at: partition.position)
    }
    let (columns, changeCount) = try schema.columns(of: partition.name)
    partition.changeCount = changeCount
    return try plan.source.open(partition.name, at: partition.position, columns: columns)
  }

  /// The source went away: it is opened again later, where it was.
  private func retreat(
    _ partition: OpenPartition, _ error: StorageError, _ now: Timestamp
  ) -> Timestamp {
    partition.reader = nil
    partition.failureCount += 1
    let doubled = Self.retrySeconds.first * Double(1 << min(partition.failureCount - 1, 20))
    let seconds = min(Self.retrySeconds.last, doubled)
    let retryAt = now.advanced(bySeconds: seconds)
    partition.retryAt = retryAt
    onTrouble("partition \(partition.name): \(error); next try in \(seconds) s")
    return retryAt
  }

  private func take(_ batch: SourceBatch, of partition: OpenPartition) throws {
    let start = stopwatch.seconds()
    let now = clock.now()
    let staged = try stages.process(batch, at: now)
    let transformed = stopwatch.seconds()
    for write in staged.writes where write.rows.rowCount > 0 {
      try openLoad(now).append(write)
      filled.rowCount += write.rows.rowCount
      filled.byteCount += write.rows.columns.reduce(0) { $0 + $1.byteCount }
      counts.writtenRows += UInt64(write.rows.rowCount)
    }
    for row in staged.sideRows { try sideOutputs.append(row) }
    counts.readRows += UInt64(batch.rows.rowCount + batch.unreadable.count)
    counts.rejectedRows += UInt64(staged.sideRows.count)
    work.transformSeconds += transformed - start
    work.writeSeconds += stopwatch.seconds() - transformed
    work.byteCount += UInt64(batch.byteCount)
    if let position = partition.reader?.position { partition.position = position }
    partition.lastRowsAt = now
    if let dueAt = batch.dueAt {
      arrivals.append(RowArrival(dueAt: dueAt, rowCount: batch.rows.rowCount))
    }
  }

  // MARK: Changes of columns

  /// Partitions that wait at a change.
  var askingPartitions: [String] { partitions.filter { $0.asked != nil }.map(\.name) }

  /// Whether nothing is to be read of a partition before the next checkpoint.
  private func isHeld(_ partition: OpenPartition) -> Bool {
    if partition.asked != nil { return true }
    guard load != nil, partition.changeCount > loadChangeCount else { return false }
    // The load was begun when the tables had other columns.
    onHeld()
    return true
  }

  private func meet(_ change: AskedChange, in partition: OpenPartition) throws {
    guard let schema = plan.schema else { preconditionFailure("nobody asked for changes") }
    let isMeant = schema.spec.concerns(change.event.table)
    switch schema.spec.action {
    case .fail where isMeant:
      throw schema.refusal(change.event, partition.name, "schema_changes: fail")
    case .apply where isMeant:
      partition.asked = change
      onHeld()
    default: try pass(change, in: partition)
    }
  }

  /// Goes on behind a change that a partition waited at.
  func hear(_ answer: SchemaAnswer, of name: String) throws {
    guard let partition = partitions.first(where: { $0.name == name }),
      let asked = partition.asked
    else { return }
    partition.asked = nil
    if case .refused(let reason) = answer {
      let row = RejectedRow(
        partition: name, offset: Int64(asked.next.rowCount), rule: "schema change",
        reason: reason, row: asked.event.text)
      try sideOutputs.append(SideRow(output: PipelineStages.rejected, line: row.line))
      counts.rejectedRows += 1
      onTrouble("a schema change in \(name) was refused: \(reason)")
    }
    try pass(asked, in: partition)
  }

  private func pass(_ change: AskedChange, in partition: OpenPartition) throws {
    partition.position = change.next
    guard let reader = partition.reader, let schema = plan.schema else { return }
    let (columns, changeCount) = try schema.columns(of: partition.name)
    partition.changeCount = changeCount
    try reader.pass(columns)
  }

  private func openLoad(_ now: Timestamp) throws -> any SinkLoad {
    if let load { return load }
    let label =
      plan.delivery == .exactlyOnce
      ? LoadLabel(prefix: plan.labelPrefix, writer: number, checkpoint: checkpoint) : nil
    let begun = try plan.sink.begin(label)
    load = begun
    loadChangeCount = plan.schema?.appliedCount ?? 0
    filled = (0, 0, now)
    return begun
  }

  private func isBatchFull() -> Bool {
    guard case .batches(let limits) = plan.delivery, load != nil else { return false }
    return filled.rowCount >= limits.rowCount || filled.byteCount >= limits.byteCount
      || abs(clock.now().seconds(since: filled.since)) >= limits.seconds
  }

  private func commitBatch() throws {
    let start = stopwatch.seconds()
    defer { work.precommitSeconds += stopwatch.seconds() - start }
    try load?.commit()
    load = nil
    onVisible(arrivals)
    arrivals.removeAll(keepingCapacity: true)
  }

  /// Makes the rows since the last checkpoint durable. When it throws `tooManyVersions` it may be
  /// called again.
  /// - Parameter horizon: what rows are judged by from now on.
  func endEpoch(horizon: EventTimeHorizon) throws -> EpochReport {
    if plan.delivery != .exactlyOnce { try commitBatch() }
    let start = stopwatch.seconds()
    if pending == nil, let load { pending = try load.precommit() }
    let lengths = try sideOutputs.sync()
    work.precommitSeconds += stopwatch.seconds() - start
    let now = clock.now()
    let silent = partitions.filter {
      $0.hasEnded || abs(now.seconds(since: $0.lastRowsAt)) >= plan.idleSeconds
    }
    let report = EpochReport(
      writer: number, checkpoint: checkpoint, loads: pending ?? [],
      partitions: Dictionary(uniqueKeysWithValues: partitions.map { ($0.name, $0.position) }),
      asked: partitions.reduce(into: [:]) { $0[$1.name] = $1.asked },
      silentPartitions: Set(silent.map(\.name)),
      isExhausted: partitions.allSatisfy(\.hasEnded), counts: counts, sideOutputs: lengths,
      steps: stages.counters,
      gathered: stages.endEpoch(horizon: horizon), arrivals: arrivals, work: work)
    load = nil
    pending = nil
    counts = PipelineCounts()
    arrivals.removeAll(keepingCapacity: true)
    work = StageWork()
    checkpoint += 1
    return report
  }
}
