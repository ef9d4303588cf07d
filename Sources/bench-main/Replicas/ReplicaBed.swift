import BenchKit
import CompactionPolicies
import IngestDriver
import ScanKernels
import StorageBase
import StorageIO
import Synchronization
import TabletEngine
import TabletModel

/// Where the figures of `bench replicas` are taken: several stores in one process that are given
/// the same loads in the same order.
struct ReplicaBed {
  let folder: String
  let workload: ReplicatedWorkload
  let replicaCount: Int
  let loadCount: Int
  let loadsPerSecond: Double
  let rowsPerLoad: Int
  let policy: String
  /// Rowsets that an output replaces to be fetched at once.
  let fetchMin: Int
  /// Bytes of an output that is fetched; smaller ones are merged again.
  let fetchBytes: Int
  /// Rowsets that a smaller output replaces to be merged again at once.
  let smallMin: Int

  /// How often replicas ask each other what there is.
  private static let pollSeconds = 0.02
  private static let idleLooks = 10

  /// - Returns: seconds of CPU time that compaction took on all replicas.
  func measure(isSingleCopy: Bool, into findings: inout CommitFindings) throws -> Double {
    let path = folder + "/replicas"
    defer { DataDirectory.remove(path) }
    try PosixFileSystem().createDirectory(path)
    let policy = try PolicyCatalogue.shipped.policy(policy)
    let rules = FollowingRules(
      inputCountMin: fetchMin, fetchByteCountMin: fetchBytes, smallInputCountMin: smallMin)
    let stores = try (0..<replicaCount).map {
      try ReplicaStore(
        $0, in: path, workload.table, policy: policy, isSingleCopy: isSingleCopy,
        rules: rules)
    }
    for (place, store) in stores.enumerated() {
      for (other, peer) in stores.enumerated() where other != place {
        guard let replica = peer.replica else { continue }
        store.replica?.connect(replica.id, by: DirectLink(to: replica))
      }
      store.scheduler.start()
    }
    let upkeep = try ReplicaUpkeep(stores, everySeconds: Self.pollSeconds)
    defer { for store in stores { store.stop() } }
    let before = ProcessUsage.current()
    let fed = try feed(stores)
    upkeep.waitUntilQuiescent(looks: Self.idleLooks)
    let usage = ProcessUsage.current()
    let components = upkeep.stop()
    let variant = isSingleCopy ? "single copy" : "each for itself"
    try requireEqualRows(stores)
    let work = stores.map(\.work)
    let cpu = work.reduce(0) { $0 + $1.cpuSeconds }
    func add(_ figure: String, _ value: Double) {
      findings.add("\(replicaCount) replicas", variant, figure, value)
    }
    add("compaction CPU, s", cpu)
    add("process CPU, s", usage.cpuSeconds - before.cpuSeconds)
    add("merges", Double(work.reduce(0) { $0 + $1.merges }))
    add("merged, MB", Double(work.reduce(0) { $0 + $1.mergedByteCount }) / 1e6)
    add("read by merges, MB", Double(work.reduce(0) { $0 + $1.readByteCount }) / 1e6)
    add("fetches", Double(work.reduce(0) { $0 + $1.fetches }))
    add("fetched, MB", Double(work.reduce(0) { $0 + $1.fetchedByteCount }) / 1e6)
    add("refused or failed", Double(work.reduce(0) { $0 + $1.failures }))
    let counts = stores.compactMap { $0.replica?.counts }
    add("merges done again", Double(counts.reduce(0) { $0 + $1.imitated }))
    add("merges others should have done", Double(counts.reduce(0) { $0 + $1.ownAfterAll }))
    add("components a tablet, mean", components / Double(workload.table.bucketCount))
    add("loads/s", fed)
    return cpu
  }

  /// - Returns: loads per second.
  private func feed(_ stores: [ReplicaStore]) throws -> Double {
    let source = try workload.makeSource()
    let clock = MonotonicClock()
    let start = clock.now()
    for load in 0..<loadCount {
      let due = start + UInt64(Double(load) / loadsPerSecond * 1e9)
      let now = clock.now()
      if due > now { sleepThread(nanoseconds: due - now) }
      guard let batch = try source.nextBatch(maxRows: rowsPerLoad) else { break }
      for store in stores { try store.store.load(batch, into: workload.table.name) }
    }
    return Double(loadCount) / (Double(clock.now() - start) / 1e9)
  }

  /// - Throws: `StorageError.corrupt` when two replicas show different rows.
  private func requireEqualRows(_ stores: [ReplicaStore]) throws {
    let digests = try stores.map {
      try $0.store.snapshot(of: workload.table.name).rowDigests()
    }
    guard let other = digests.firstIndex(where: { $0 != digests[0] }) else { return }
    throw StorageError.corrupt(
      file: stores[other].store.path, offset: 0, what: "rows of a replica",
      expected: "\(digests[0])", found: "\(digests[other])")
  }
}

/// The table that is replicated, and its rows.
struct ReplicatedWorkload {
  let table: TableDefinition
  private let factory: any BatchSourceFactory

  /// - Parameter name: `orders` (several rows of a key) or `upserts` (one).
  init(_ name: String, seed: UInt64, bucketCount: Int) throws {
    switch name {
    case "orders":
      var parameters = OrderEvents.Parameters()
      parameters.seed = seed
      factory = try OrderEvents(parameters)
      table = try TableDefinition(
        name: "orders", schema: factory.schema, distribution: ["user_id"],
        bucketCount: bucketCount)
    case "upserts":
      var parameters = OrderStates.Parameters()
      parameters.seed = seed
      factory = try OrderStates(parameters)
      table = try TableDefinition(
        name: "order_states", schema: factory.schema, distribution: ["order_id"],
        bucketCount: bucketCount, uniqueKeys: UniqueKeyOptions())
    default:
      throw StorageError.unknownName(kind: "workload", name: name, known: Workload.names)
    }
  }

  func makeSource() throws -> any BatchSource {
    try factory.makeSource(writer: 0, writerCount: 1)
  }
}
