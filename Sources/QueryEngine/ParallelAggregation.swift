import ScanKernels
import StorageBase
import StorageIO
import Synchronization

/// One aggregation by several threads: each takes tasks until there are none, adding to an
/// `Aggregation` of its own, and the calling thread merges them. Thread-safe.
///
/// Exact figures do not depend on who adds which rows, so any thread takes any morsel. Sums of
/// floating-point numbers do: then the pages are cut into as many tasks as threads, with an
/// aggregation each, merged in the order of the pages, so that the result depends on the number of
/// threads but never on timing.
final class ParallelAggregation: Sendable {
  /// Handed over whole by the thread that filled it.
  private struct Partial: @unchecked Sendable {
    /// The first task in it.
    let task: Int
    let aggregation: Aggregation
  }

  private struct State: Sendable {
    var isClosed = false
    var runningCount = 0
    var partials: [Partial] = []
    var work = ScanWork()
    var error: (any Error)?
  }

  private let schema: Schema
  private let keys: [Int]
  private let keyRanges: [ClosedRange<Int64>?]
  /// Of the columns that distinct values are counted of.
  private let valueRanges: [Int: ClosedRange<Int64>]
  /// Of all segments that have to be looked at.
  private let rowCount: Int
  private let aggregates: [BoundAggregate]
  private let filter: BoundPredicate?
  private let tasks: [ArraySlice<ScanMorsels.Morsel>]
  private let isExact: Bool
  /// Whether zone maps may tell the figures of pages with all rows selected.
  private let isKnownFromBounds: Bool
  /// Segments with all rows selected whose zone maps tell all that is asked of them.
  private let knownSegments: [SegmentScan]
  private let nextTask = Atomic<Int>(0)
  private let isStopped = Atomic<Bool>(false)
  private let memory: QueryMemory
  private let state = Monitor(State())

  init(
    schema: Schema, keys: [Int], aggregates: [BoundAggregate], morsels: ScanMorsels,
    threadCount: Int, memory: QueryMemory
  ) {
    self.memory = memory
    self.schema = schema
    self.keys = keys
    self.aggregates = aggregates
    filter = morsels.filter
    keyRanges = keys.map(morsels.range(ofColumn:))
    let counted = Set(aggregates.filter(\.countsDistinct).compactMap(\.column))
    valueRanges = counted.reduce(into: [:]) { $0[$1] = morsels.range(ofColumn: $1) }
    rowCount = morsels.rowCount
    isExact = aggregates.allSatisfy(\.isExact)
    isKnownFromBounds = Aggregation.isKnownFromBounds(groupBy: keys, aggregates: aggregates)
    let (all, known) = Self.split(
      morsels.all, isKnownFromBounds ? KnownFigures(schema, aggregates) : nil)
    knownSegments = known
    let size = isExact ? 1 : max(1, all.count.ceilingDivision(by: threadCount))
    tasks = stride(from: 0, to: all.count, by: size).map { all[$0..<min(all.count, $0 + size)] }
  }

  /// Returns when every row has been added.
  /// - Parameter isCancelled: asked by the calling thread once a page.
  func run(
    _ parallelism: Parallelism, work: inout ScanWork, isCancelled: () -> Bool
  ) throws -> Aggregation {
    if let executor = parallelism.executor {
      for _ in 1..<max(1, min(parallelism.threadCount, tasks.count)) {
        executor.submit { self.join() }
      }
    }
    takeTasks(isCancelled: isCancelled)
    state.withLock { $0.isClosed = true }
    let partials = try state.wait { state -> [Partial]? in
      guard state.runningCount == 0 else { return nil }
      if let error = state.error { throw error }
      work += state.work
      return state.partials
    }
    let ordered = partials.sorted { $0.task < $1.task }.map(\.aggregation)
    let total = ordered.first ?? makeAggregation()
    for partial in ordered.dropFirst() { total.merge(partial) }
    for segment in knownSegments { segment.addKnown(to: total, work: &work) }
    return total
  }

  /// The morsels to look at, and the segments whose zone maps are enough.
  private static func split(
    _ morsels: [ScanMorsels.Morsel], _ figures: KnownFigures?
  ) -> ([ScanMorsels.Morsel], [SegmentScan]) {
    guard let figures else { return (morsels, []) }
    var known: [SegmentScan] = []
    let rest = morsels.filter { morsel in
      guard morsel.isWhole, figures.areKnown(of: morsel.scan) else { return true }
      if morsel.pages.lowerBound == 0 { known.append(morsel.scan) }
      return false
    }
    return (rest, known)
  }

  /// What a job does: nothing when the query has ended before it began.
  private func join() {
    let isNeeded = state.withLock { state in
      if !state.isClosed { state.runningCount += 1 }
      return !state.isClosed
    }
    guard isNeeded else { return }
    takeTasks { false }
    state.withLock { $0.runningCount -= 1 }
    state.broadcast()
  }

  private func takeTasks(isCancelled: () -> Bool) {
    var work = ScanWork()
    var evaluator = filter.map(PredicateEvaluator.init)
    var partials: [Partial] = []
    var account = QueryMemory.Account(memory)
    var heldByOthers = 0
    do {
      while !isStopped.load(ordering: .relaxed) {
        let task = nextTask.wrappingAdd(1, ordering: .relaxed).oldValue
        guard task < tasks.count else { break }
        if partials.isEmpty || !isExact {
          heldByOthers += partials.last?.aggregation.byteCount ?? 0
          partials.append(Partial(task: task, aggregation: makeAggregation()))
        }
        let aggregation = partials[partials.count - 1].aggregation
        for morsel in tasks[task] {
          try add(morsel, to: aggregation, &evaluator, &work, isCancelled) {
            try account.grow(to: heldByOthers + aggregation.byteCount)
          }
        }
      }
    } catch {
      isStopped.store(true, ordering: .relaxed)
      state.withLock { $0.error = $0.error ?? error }
    }
    state.withLock { state in
      state.partials += partials
      state.work += work
    }
  }

  private func makeAggregation() -> Aggregation {
    Aggregation(
      schema: schema, groupBy: keys, aggregates: aggregates, keyRanges: keyRanges,
      valueRanges: valueRanges, expectedRowCount: rowCount)
  }

  private func add(
    _ morsel: ScanMorsels.Morsel, to aggregation: Aggregation,
    _ evaluator: inout PredicateEvaluator?, _ work: inout ScanWork, _ isCancelled: () -> Bool,
    afterPage: () throws -> Void
  ) throws {
    var knownPageCount = 0
    _ = try morsel.scan.forEachPage(
      in: morsel.pages, isWhole: morsel.isWhole, selectedBy: &evaluator, work: &work,
      isCancelled: { isCancelled() || isStopped.load(ordering: .relaxed) },
      body: { page in
        // Closures written out live on the stack, methods taken as values do not.
        if isKnownFromBounds, page.selection == nil,
          try aggregation.add(rowCount: page.rowCount, knownFrom: { try page.bounds($0) })
        {
          knownPageCount += 1
          return true
        }
        try aggregation.add(
          rowCount: page.rowCount, selection: page.selection, bounds: { try page.bounds($0) },
          gathered: { try page.column($0, rows: $1) }, column: { try page.column($0) })
        try afterPage()
        return true
      })
    work.pagesKnown += knownPageCount
  }
}
