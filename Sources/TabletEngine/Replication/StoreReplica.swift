import StorageBase
import Synchronization
import TabletModel

/// A store as one of several replicas, which are given the same loads in the same order: of each
/// tablet one compacts, and the others take over its outputs (single-replica compaction of Apache
/// Doris, with proof that the inputs are the same). Thread-safe.
///
/// Give it to the `CompactionScheduler` of the store, connect it to the others, and call `poll` now
/// and then. It starts no threads, and talks to the others on those of its callers.
///
///     let replica = StoreReplica(store, id: ReplicaID(rawValue: 1), entropy: seed)
///     replica.connect(ReplicaID(rawValue: 2), by: link)
///     let scheduler = CompactionScheduler(store: store, …, replica: replica)
///     scheduler.reconsider(replica.poll())
public final class StoreReplica: Sendable {
  /// Settings of a replica.
  public struct Options: Hashable, Sendable {
    public var rules = FollowingRules()
    /// Outputs of a tablet that are kept for others, though rowsets have taken their place.
    public var keptCountMax = 16
    /// How long they are kept; their files stay so long.
    public var keptSeconds = 60.0
    /// Bytes of a file in one message, at most 4 MiB.
    public var messageByteCount = 1 << 20
    /// How often a question is asked before the other one counts as silent.
    public var attemptCount = 3

    public init() {}
  }

  /// What has become of compactions that others have done, since the replica was made.
  public struct Counts: Hashable, Sendable {
    public var exported = 0
    public var fetched = 0
    public var fetchedByteCount = 0
    /// Fetches that were refused, since something differs.
    public var refused = 0
    /// Fetches that ended with another error.
    public var failed = 0
    /// Merges of others that this replica has done as well, since that costs no more than to fetch
    /// their outputs.
    public var imitated = 0
    /// Compactions that this replica did although others should have.
    public var ownAfterAll = 0
  }

  public let id: ReplicaID
  public let options: Options
  let store: Store
  let shelf: ExportShelf
  let board: OfferBoard
  private struct State {
    var live: Set<ReplicaID>
    var wishes: [TabletID: Wish] = [:]
    var counts = Counts()
  }

  /// What a tablet waits for.
  private struct Wish {
    var since: Timestamp?
    var failureCount = 0
  }

  private let state: Mutex<State>

  /// - Parameters:
  ///   - id: no other replica has it.
  ///   - entropy: another number each time a store is opened.
  public init(_ store: Store, id: ReplicaID, entropy: UInt64, options: Options = Options()) {
    self.store = store
    self.id = id
    self.options = options
    shelf = ExportShelf(
      epoch: mixBits(entropy ^ mixBits(id.rawValue)), countMax: options.keptCountMax,
      secondsMax: options.keptSeconds)
    board = OfferBoard(
      entropy: entropy, attemptCount: options.attemptCount,
      messageByteCount: min(options.messageByteCount, ReplicaRequest.byteCountMax))
    state = Mutex(State(live: [id]))
  }

  public var counts: Counts { state.withLock { $0.counts } }

  /// Knows another replica from now on, and believes it to be alive.
  public func connect(_ peer: ReplicaID, by link: any ReplicaLink) {
    precondition(peer != id, "a replica does not follow itself")
    board.connect(peer, by: link)
    state.withLock { _ = $0.live.insert(peer) }
  }

  /// Which replicas are believed to be alive: the compactors of tablets are chosen among them, and
  /// this one, by each replica for itself.
  public func setLive(_ peers: Set<ReplicaID>) {
    state.withLock { $0.live = peers.union([id]) }
  }

  /// Asks the others what they have.
  /// - Returns: the own tablets that one has something new for.
  public func poll() -> [TabletID] {
    shelf.trim(at: store.clock.now())
    let changed = board.poll()
    guard !changed.isEmpty else { return [] }
    return store.snapshot().flatMap { table in
      table.tablets.enumerated().compactMap { bucket, tablet in
        changed.contains(ReplicatedTablet(table: table.definition.name, bucket: bucket))
          ? tablet.id : nil
      }
    }
  }

  // MARK: What the scheduler asks and tells

  /// A job that the scheduler may start, or why not.
  enum Course {
    case compact
    case take(CompactionPick, CompactionFetch?, because: String)
    case wait(until: Timestamp)
    case rest
  }

  func course(
    of tablet: TabletID, in table: TableSnapshot, _ facts: TabletFacts,
    _ decision: CompactionDecision
  ) -> Course {
    guard let name = name(of: tablet, in: table) else { return .compact }
    var wanted: [CompactionPick] = []
    if case .compact(let picks, _) = decision { wanted = picks }
    let offers = board.offers(of: name)
    return state.withLock { state in
      var wish = state.wishes[tablet] ?? Wish()
      let (course, since) = options.rules.course(
        FollowingRules.Situation(
          facts: facts, wanted: wanted, offers: offers.map(\.offer),
          isCompactor: name.compactor(among: state.live) == id,
          mayComeInOtherSteps: table.definition.mergesTheSameInOtherSteps,
          wantedSince: wish.since, failureCount: wish.failureCount))
      wish.since = since
      state.wishes[tablet] = wish
      switch course {
      case .compact: return .compact
      case .wait(let end): return .wait(until: end)
      case .rest: return .rest
      case .imitate(let pick):
        return .take(pick, nil, because: "another replica has done it, for little")
      case .fetch(let offer, let pick):
        guard let peer = offers.first(where: { $0.offer == offer })?.peer else { return .rest }
        return .take(
          pick,
          CompactionFetch(
            board: board, peer: peer, offer: offer,
            expected: offer.expectedRowsets(
              Set(facts.rowsets.map(\.versions)), among: offers.map(\.offer))),
          because: "replica \(peer) has done it")
      }
    }
  }

  private func name(of tablet: TabletID, in table: TableSnapshot) -> ReplicatedTablet? {
    table.tablets.firstIndex { $0.id == tablet }.map {
      ReplicatedTablet(table: table.definition.name, bucket: $0)
    }
  }

  /// A job has ended. What it has made by itself is offered to others.
  func ended(_ job: CompactionJob, _ result: Result<CompactionJob.Outcome, any Error>) {
    switch result {
    case .success(let outcome): succeeded(job, outcome)
    case .failure(let error):
      guard let fetch = job.fetch else { return }
      let isRefused = error is FetchRefusal
      if isRefused { board.refuse(fetch.offer.id) }
      state.withLock { state in
        if isRefused {
          state.counts.refused += 1
        } else if !(error is CancellationError) {
          state.counts.failed += 1
          state.wishes[job.snapshot.id, default: Wish()].failureCount += 1
        }
      }
    }
  }

  private func succeeded(_ job: CompactionJob, _ outcome: CompactionJob.Outcome) {
    let tablet = job.snapshot.id
    let wasFetched = job.fetch != nil
    let isCompactor = store.table(of: tablet).flatMap { name(of: tablet, in: $0) }.map { name in
      state.withLock { name.compactor(among: $0.live) == id }
    }
    state.withLock { state in
      state.wishes[tablet] = nil
      if wasFetched {
        state.counts.fetched += 1
        state.counts.fetchedByteCount += outcome.output.byteCount
      } else if job.isImitation {
        state.counts.imitated += 1
      } else if isCompactor == false {
        state.counts.ownAfterAll += 1
      }
    }
    if !wasFetched, isCompactor == true { export(job, outcome) }
  }

  /// What cannot be offered is not: others compact themselves then.
  private func export(_ job: CompactionJob, _ outcome: CompactionJob.Outcome) {
    guard let table = store.table(of: job.snapshot.id),
      let name = name(of: job.snapshot.id, in: table),
      outcome.inputs.allSatisfy(\.deltas.isEmpty), outcome.rowset.deltas.isEmpty
    else { return }
    do {
      let version = job.pick.versions.last
      let offer = CompactionOffer(
        id: shelf.newID(), kind: job.pick.kind, definition: job.definition.fingerprint,
        inputs: try outcome.inputs.map { try $0.fingerprint(at: version) },
        versions: job.pick.versions, rowCount: outcome.output.rowCount,
        segments: try outcome.rowset.segments.map { try $0.fileFingerprint() },
        isLinked: outcome.linkedByteCount > 0)
      shelf.add(
        ExportedCompaction(
          offer, of: name, output: outcome.rowset, job.definition,
          conversion: outcome.moved.map { SentConversion($0).encoded() }, at: store.clock.now()))
      state.withLock { $0.counts.exported += 1 }
    } catch {
      // The bytes cannot be read now; whoever reads the table meets the same error.
    }
  }
}
