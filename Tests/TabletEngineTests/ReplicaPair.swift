import ScanKernels
import StorageBase
import StorageIO
import TabletModel

@testable import TabletEngine

/// Two replicas of a table: the first one compacts, the second one follows. Everything happens on
/// the calling thread.
final class ReplicaPair {
  let leader: Store
  let follower: Store
  let leaderReplica: StoreReplica
  let followerReplica: StoreReplica
  let clock: ManualClock
  private let definition: TableDefinition

  /// - Parameter change: makes the answers of the leader what the follower gets.
  init(
    _ definition: TableDefinition, leaderOptions: StoreOptions = StoreOptions(),
    followerOptions: StoreOptions = StoreOptions(),
    change: @escaping @Sendable ([UInt8]) throws -> [UInt8] = { $0 }
  ) throws {
    self.definition = definition
    let clock = ManualClock(Timestamp(rawValue: 1_000_000_000))
    self.clock = clock
    func store(_ number: UInt64, _ options: StoreOptions) throws -> Store {
      let store = try Store.create(
        "/store", files: MemoryFileSystem(), clock: clock, entropy: number, options: options)
      try store.createTable(definition)
      return store
    }
    leader = try store(1, leaderOptions)
    follower = try store(2, followerOptions)
    var options = StoreReplica.Options()
    options.rules.fetchByteCountMin = 0
    options.messageByteCount = 500
    leaderReplica = StoreReplica(
      leader, id: ReplicaID(rawValue: 1), entropy: 11, options: options)
    followerReplica = StoreReplica(
      follower, id: ReplicaID(rawValue: 2), entropy: 12, options: options)
    // Each believes the leader to be the only one alive but itself, so that it compacts.
    followerReplica.connect(
      ReplicaID(rawValue: 1), by: ChangingLink(link: DirectLink(to: leaderReplica), change: change))
  }

  struct ChangingLink: ReplicaLink {
    let link: DirectLink
    let change: @Sendable ([UInt8]) throws -> [UInt8]

    func exchange(_ request: [UInt8]) throws -> [UInt8] { try change(link.exchange(request)) }
  }

  func load(_ batch: ColumnBatch, deletions: Bitmap? = nil) throws {
    for store in [leader, follower] { try load(batch, deletions, into: store) }
  }

  func load(_ batch: ColumnBatch, _ deletions: Bitmap? = nil, into store: Store) throws {
    let builder = try store.beginLoad(into: definition.name)
    try builder.append(batch, deleteSigns: deletions)
    try store.commit(builder.prepare())
  }

  /// Lets a store compact what there is, whole; the leader offers it then.
  func compactLeader(_ versions: VersionRange? = nil) throws {
    for job in try jobs(of: leader, versions, fetch: nil) {
      let result = Result { try job.run { false } }
      leaderReplica.ended(job, result)
      _ = try result.get()
    }
  }

  func compactFollower(_ versions: VersionRange? = nil) throws {
    for job in try jobs(of: follower, versions, fetch: nil) { _ = try job.run { false } }
  }

  /// Takes over what the leader has for the tablets of the follower.
  /// - Parameters:
  ///   - skipping: whether only the last output of each tablet is looked at.
  ///   - meanwhile: happens after a job was made and before it runs.
  /// - Throws: why the first one was not taken over.
  @discardableResult
  func follow(skipping: Bool = false, meanwhile: () throws -> Void = {}) throws -> Int {
    _ = followerReplica.poll()
    var count = 0
    for bucket in 0..<definition.bucketCount {
      let name = ReplicatedTablet(table: definition.name, bucket: bucket)
      let entries = followerReplica.board.offers(of: name)
      for entry in skipping ? entries.suffix(1) : entries {
        let tablet = try follower.snapshot(of: definition.name).tablets[bucket]
        guard entry.offer.fit(tablet.state.rowsets.map(\.summary)) != nil else { continue }
        let fetch = CompactionFetch(
          board: followerReplica.board, peer: entry.peer, offer: entry.offer,
          expected: entry.offer.expectedRowsets(
            Set(tablet.state.rowsets.map(\.summary.versions)), among: entries.map(\.offer)))
        for job in try jobs(of: follower, entry.offer.versions, bucket: bucket, fetch: fetch) {
          try meanwhile()
          let result = Result { try job.run { false } }
          followerReplica.ended(job, result)
          _ = try result.get()
          count += 1
        }
      }
    }
    return count
  }

  private func jobs(
    of store: Store, _ versions: VersionRange?, bucket only: Int? = nil, fetch: CompactionFetch?
  ) throws -> [CompactionJob] {
    let table = try store.snapshot(of: definition.name)
    return table.tablets.enumerated().compactMap { bucket, tablet in
      guard only == nil || only == bucket else { return nil }
      let facts = tablet.state.facts(
        now: clock.now(), allowedKinds: Set(CompactionKind.allCases), inFlight: [],
        keysModel: definition.schema.keysModel, entropy: 0)
      let inputs = (versions == nil ? facts.components : facts.rowsets).filter {
        versions?.contains($0.versions) ?? true
      }
      guard inputs.isWorthMerging else { return nil }
      return CompactionJob(
        store: store, policy: EagerPolicy(), snapshot: tablet, facts: facts,
        pick: .merging(inputs, kind: .cumulative), definition: table.definition, fetch: fetch)
    }
  }

  func digests() throws -> (leader: [RowDigest], follower: [RowDigest]) {
    (
      try leader.snapshot(of: definition.name).rowDigests(),
      try follower.snapshot(of: definition.name).rowDigests()
    )
  }

  /// The bytes of the segments of a store, by tablet and rowset.
  func segmentBytes(of store: Store) throws -> [[FileFingerprint]] {
    try store.snapshot(of: definition.name).tablets.flatMap(\.rowsets).map {
      try $0.allSegments.map { try $0.fileFingerprint() }
    }
  }
}
