import Glibc
import ScanKernels
import SegmentFormat
import StorageBase
import StorageIO
import Synchronization
import TabletModel
import Testing

@testable import TabletEngine

/// Outputs of compactions that one replica takes over from another.
@Suite struct ReplicaFetchTests {
  enum Table: String, CaseIterable, Sendable {
    case duplicate, indexed, hash, sorted, sequenced, onRead, rowStore
  }

  static func definition(_ table: Table, buckets: Int = 2) throws -> TableDefinition {
    if table == .duplicate { return try TestStore.definition(buckets: buckets) }
    if table == .indexed { return try TestStore.indexedDefinition(buckets: buckets) }
    var schema = try TestStore.schema()
    schema = try Schema(columns: schema.columns, sortKeyCount: 1, keysModel: .unique)
    let options: UniqueKeyOptions =
      switch table {
      case .sorted: UniqueKeyOptions(index: .sorted)
      case .sequenced: UniqueKeyOptions(sequenceColumn: "at")
      case .onRead: UniqueKeyOptions(merge: .onRead)
      default: UniqueKeyOptions()
      }
    return try TableDefinition(
      name: TestStore.tableName, schema: schema, bucketCount: buckets,
      segmentOptions: SegmentOptions(rowsPerPage: 16), uniqueKeys: options,
      rowStore: table == .rowStore ? .all : nil)
  }

  static func batch(
    _ definition: TableDefinition, load: Int, count: Int = 40, random: inout SeededGenerator
  ) throws -> ColumnBatch {
    let rows = TestStore.rows(load: load, count: count, random: &random)
    let builders = definition.schema.columns.map { ColumnBuilder(type: $0.type) }
    for row in rows {
      for (builder, value) in zip(builders, row) { builder.append(value) }
    }
    return ColumnBatch(
      schema: definition.schema, rowCount: rows.count, columns: builders.map { $0.finish() })
  }

  private func pair(
    _ table: Table, loads: Int = 6, followerOptions: StoreOptions = StoreOptions(),
    change: @escaping @Sendable ([UInt8]) throws -> [UInt8] = { $0 }
  ) throws -> ReplicaPair {
    let definition = try Self.definition(table)
    let pair = try ReplicaPair(definition, followerOptions: followerOptions, change: change)
    var random = SeededGenerator(seed: 5)
    for load in 0..<loads {
      try pair.load(Self.batch(definition, load: load, random: &random))
    }
    return pair
  }

  /// What fencing by bytes rests on: the same loads, and the same merges, give the same bytes,
  /// whatever store they are in, and wherever their segments lie.
  @Test(arguments: Table.allCases) func equalLoadsAndMergesGiveEqualBytes(table: Table) throws {
    let pair = try pair(table, followerOptions: StoreOptions(inlineRowsetByteCountMax: 0))
    #expect(try pair.segmentBytes(of: pair.leader) == pair.segmentBytes(of: pair.follower))
    try pair.compactLeader()
    try pair.compactFollower()
    #expect(try pair.segmentBytes(of: pair.leader) == pair.segmentBytes(of: pair.follower))
  }

  @Test(arguments: Table.allCases) func anOutputIsTakenOver(table: Table) throws {
    let pair = try pair(table)
    try pair.compactLeader()
    let before = pair.follower.files.counters.total
    #expect(try pair.follow() == 2)
    #expect((pair.follower.files.counters.total - before).bytesWritten > 0)
    #expect(try pair.segmentBytes(of: pair.leader) == pair.segmentBytes(of: pair.follower))
    let digests = try pair.digests()
    #expect(digests.leader == digests.follower)
    #expect(pair.followerReplica.counts.fetched == 2)
    #expect(StoreVerifier(pair.follower).run().problems == [])
    // And the follower goes on with it.
    var random = SeededGenerator(seed: 6)
    for load in 10..<13 {
      try pair.load(
        Self.batch(Self.definition(table), load: load, random: &random))
    }
    try pair.compactLeader()
    #expect(try pair.follow() == 2)
    let later = try pair.digests()
    #expect(later.leader == later.follower)
    #expect(StoreVerifier(pair.follower).run().problems == [])
  }

  /// Loads that come between the decision and the end delete rows of the output here, of the inputs
  /// there.
  @Test(arguments: Table.allCases) func laterVersionsAreCarriedOver(table: Table) throws {
    let pair = try pair(table)
    let definition = try Self.definition(table)
    var random = SeededGenerator(seed: 7)
    let later = try (20..<23).map { try Self.batch(definition, load: $0, random: &random) }
    try pair.compactLeader()
    var isFirst = true
    #expect(
      try pair.follow {
        guard isFirst else { return }
        isFirst = false
        for batch in later { try pair.load(batch, into: pair.follower) }
      } == 2)
    for batch in later { try pair.load(batch, into: pair.leader) }
    let digests = try pair.digests()
    #expect(digests.leader == digests.follower)
    #expect(StoreVerifier(pair.follower).run().problems == [])
  }

  /// A replica that has merged in other steps has other bytes, and the same rows.
  @Test(arguments: [Table.duplicate, .hash, .sorted, .rowStore])
  func equalRowsInOtherBytesAreTakenOver(table: Table) throws {
    let pair = try pair(table)
    try pair.compactFollower(VersionRange(2, 4))
    try pair.compactLeader(VersionRange(3, 5))
    try pair.compactLeader(VersionRange(2, 7))
    #expect(try pair.follow() == 2)
    #expect(try pair.segmentBytes(of: pair.leader) == pair.segmentBytes(of: pair.follower))
    let digests = try pair.digests()
    #expect(digests.leader == digests.follower)
    #expect(StoreVerifier(pair.follower).run().problems == [])
  }

  /// A replica that comes late takes over the last of several outputs without reading a row.
  @Test(arguments: [Table.duplicate, .hash, .sorted, .rowStore])
  func stepsAreSkipped(table: Table) throws {
    let pair = try pair(table)
    try pair.compactLeader(VersionRange(3, 4))
    try pair.compactLeader(VersionRange(2, 4))
    try pair.compactLeader(VersionRange(5, 6))
    try pair.compactLeader(VersionRange(2, 7))
    #expect(try pair.follow(skipping: true) == 2)
    #expect(try pair.segmentBytes(of: pair.leader) == pair.segmentBytes(of: pair.follower))
    let digests = try pair.digests()
    #expect(digests.leader == digests.follower)
    #expect(StoreVerifier(pair.follower).run().problems == [])
    // Nobody was asked what the rows come to.
    #expect(pair.leaderReplica.shelf.kept.allSatisfy { !$0.hasRowDigest })
  }

  /// With a sequence column, and where readers merge, what a merge keeps depends on more than the
  /// rows that are there: then bytes have to be equal.
  @Test(arguments: [Table.sequenced, .onRead])
  func equalRowsInOtherBytesAreRefusedWhereTheyDoNotSayAll(table: Table) throws {
    let pair = try pair(table)
    try pair.compactFollower(VersionRange(2, 4))
    try pair.compactLeader(VersionRange(2, 7))
    #expect(throws: FetchRefusal.self) { try pair.follow() }
  }

  @Test(arguments: Table.allCases) func otherRowsAreRefused(table: Table) throws {
    let definition = try Self.definition(table)
    let pair = try ReplicaPair(definition)
    var random = SeededGenerator(seed: 5)
    for load in 0..<4 {
      let batch = try Self.batch(definition, load: load, random: &random)
      try pair.load(batch, into: pair.leader)
      // The third load of the follower has one value that is another.
      guard load == 2 else {
        try pair.load(batch, into: pair.follower)
        continue
      }
      let other = batch.columns[4].gather(Array((0..<UInt32(batch.rowCount)).reversed()))
      try pair.load(
        ColumnBatch(
          schema: batch.schema, rowCount: batch.rowCount,
          columns: Array(batch.columns.prefix(4)) + [other]), into: pair.follower)
    }
    let before = try pair.digests().follower
    try pair.compactLeader()
    #expect(throws: FetchRefusal.self) { try pair.follow() }
    #expect(try pair.digests().follower == before)
    #expect(pair.followerReplica.counts.refused == 1)
    #expect(StoreVerifier(pair.follower).run().problems == [])
    // What is over is not there any more.
    let files = try TestStore.segmentFileCount(pair.follower.files, pair.follower)
    #expect(files == 0)
  }

  @Test func anAlteredTableIsRefusedUntilBothAreAltered() throws {
    let definition = try Self.definition(.duplicate, buckets: 1)
    let pair = try ReplicaPair(definition)
    var random = SeededGenerator(seed: 5)
    for load in 0..<5 { try pair.load(Self.batch(definition, load: load, random: &random)) }
    let change = SchemaChange.addColumn(name: "more", type: .int64, defaultValue: .integer(3))
    try pair.follower.alter(table: TestStore.tableName, [change])
    try pair.compactLeader(VersionRange(2, 4))
    #expect(throws: FetchRefusal.otherDefinition) { try pair.follow() }
    try pair.leader.alter(table: TestStore.tableName, [change])
    try pair.compactLeader()
    #expect(try pair.follow() == 1)
  }

  /// Whatever byte of whatever answer is another: the follower shows what it should, and is sound.
  @Test func damagedAnswersDoNoHarm() throws {
    var refusedCount = 0
    for seed in 0..<60 as Range<UInt64> {
      let random = Mutex(SeededGenerator(seed: seed))
      let pair = try pair(seed % 2 == 0 ? .hash : .duplicate, loads: 3) { answer in
        random.withLock { random in
          guard random.next() % 3 == 0 else { return answer }
          var answer = answer
          if random.next() % 4 == 0 {
            answer.removeLast(Int(random.next() % UInt64(answer.count)))
          } else {
            answer[Int(random.next() % UInt64(answer.count))] ^= UInt8(1 + random.next() % 255)
          }
          return answer
        }
      }
      try pair.compactLeader()
      do { try pair.follow() } catch { refusedCount += 1 }
      let digests = try pair.digests()
      #expect(digests.leader == digests.follower)
      #expect(StoreVerifier(pair.follower).run().problems == [])
    }
    #expect(refusedCount > 5)
  }

  /// Between processes outputs come over a socket.
  @Test func outputsComeOverASocket() throws {
    let pair = try pair(.hash)
    try pair.compactLeader()
    let path = "/tmp/sediment-replica-\(getpid()).sock"
    let leader = pair.leaderReplica
    let server = try SocketServer(path: path, clientCount: 1) { leader.answer($0) }
    defer { server.stop() }
    pair.followerReplica.connect(ReplicaID(rawValue: 1), by: SocketLink(path: path))
    #expect(try pair.follow() == 2)
    let digests = try pair.digests()
    #expect(digests.leader == digests.follower)
  }

  @Test func whatIsKeptForOthersOutlivesItsRowset() throws {
    let pair = try pair(.hash)
    try pair.compactLeader(VersionRange(2, 4))
    try pair.compactLeader(VersionRange(2, 7))
    pair.clock.advance(bySeconds: 30)
    try pair.leader.sweepStaleRowsets()
    // Both steps of both tablets, one after the other.
    #expect(try pair.follow() == 4)
    let digests = try pair.digests()
    #expect(digests.leader == digests.follower)
    // After a minute nothing is kept.
    pair.clock.advance(bySeconds: 61)
    _ = pair.leaderReplica.poll()
    #expect(pair.leaderReplica.shelf.kept.isEmpty)
  }
}
