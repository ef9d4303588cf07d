import Glibc
import StorageBase
import StorageIO
import TabletModel
import Testing

@testable import TabletEngine

/// The log runs ahead of its frames, and nobody takes that for rows or for damage.
@Suite struct LogReservationTests {
  private let log = TestStore.path + "/log/0000000001.log"

  private func bytes(of path: String, _ files: any FileSystem) throws -> [UInt8] {
    let file = try files.openForReading(path, cause: .tool)
    return try file.read(at: 0, count: Int(file.byteCount))
  }

  /// Loads of a few rows each; the store is left open.
  private func fill(
    _ files: any FileSystem, loads: Int, options: StoreOptions = StoreOptions()
  ) throws -> (store: Store, rows: [TestStore.Row]) {
    let store = try TestStore.create(files, options: options)
    var random = SeededGenerator(seed: 5)
    var all: [TestStore.Row] = []
    for load in 0..<loads {
      let rows = TestStore.rows(load: load, count: 4, random: &random)
      try store.load(TestStore.batch(rows), into: TestStore.tableName)
      all += rows
    }
    return (store, all)
  }

  @Test func anOpenLogEndsWithZerosAndAClosedOneDoesNot() throws {
    let files = MemoryFileSystem()
    var held: Store? = try fill(files, loads: 3).store
    let open = try bytes(of: log, files)
    #expect(open.suffix(32 << 10).allSatisfy { $0 == 0 })
    withExtendedLifetime(held) {}
    held = nil
    let closed = try bytes(of: log, files)
    #expect(closed.count < 32 << 10)
    #expect(open.starts(with: closed))
    #expect(closed.last != 0 || closed.dropLast(8).contains { $0 != 0 })
  }

  /// A process that was killed leaves zeros, which are not the torn end of anything.
  @Test(arguments: 0..<40 as Range<UInt64>) func zerosAreNoTornEnd(seed: UInt64) throws {
    let files = MemoryFileSystem()
    let (store, rows) = try fill(files, loads: 6)
    let killed = files.crash(seed: seed)
    withExtendedLifetime(store) {}
    let before = try bytes(of: log, killed)
    let opened = try TestStore.open(killed)
    #expect(try TestStore.contents(of: opened) == TestStore.sorted(rows))
    #expect(opened.recovery.tornByteCount == 0)
    #expect(try bytes(of: log, killed).count < before.count)
  }

  /// Where a frame was being written over zeros, any part of it may be there.
  @Test func everyPartOfAFrameOverZerosIsTorn() throws {
    let files = MemoryFileSystem()
    let (store, rows) = try fill(files, loads: 4)
    let before = try bytes(of: log, files)
    let end = try #require(before.lastIndex { $0 != 0 }) + 1
    var random = SeededGenerator(seed: 9)
    let more = TestStore.rows(load: 4, count: 4, random: &random)
    try store.load(TestStore.batch(more), into: TestStore.tableName)
    let after = try bytes(of: log, files)
    let newEnd = try #require(after.lastIndex { $0 != 0 }) + 1
    withExtendedLifetime(store) {}
    let disk = files.crash(seed: 1)
    for kept in stride(from: end, to: newEnd, by: 5) {
      try disk.create(log, cause: .tool).append(
        Array(after[..<kept]) + [UInt8](repeating: 0, count: after.count - kept))
      let opened = try TestStore.open(disk)
      #expect(try TestStore.contents(of: opened) == TestStore.sorted(rows), "\(kept)")
      let torn = after[end..<kept].lastIndex { $0 != 0 }.map { $0 + 1 - end } ?? 0
      // The last frame may itself end with zeros, which nobody can tell from those behind it.
      #expect(abs(opened.recovery.tornByteCount - torn) <= 8, "\(kept)")
    }
  }

  /// Damage in the middle is no torn end, whatever is behind the frames.
  @Test func damageBeforeZerosIsRefused() throws {
    let files = MemoryFileSystem()
    let (store, _) = try fill(files, loads: 6)
    withExtendedLifetime(store) {}
    let disk = files.crash(seed: 2)
    var damaged = try bytes(of: log, disk)
    let end = try #require(damaged.lastIndex { $0 != 0 })
    damaged[end / 2] ^= 4
    try disk.create(log, cause: .tool).append(damaged)
    #expect(throws: StorageError.self) { _ = try TestStore.open(disk) }
  }

  /// Zeros in a file that has a later one would hide that frames are missing.
  @Test func zerosInAnEarlierFileAreRefused() throws {
    let files = MemoryFileSystem()
    do {
      let (store, _) = try fill(files, loads: 3)
      try store.checkpoint()
      #expect(try bytes(of: log, files).count < 32 << 10)
      var random = SeededGenerator(seed: 6)
      let rows = TestStore.rows(load: 3, count: 4, random: &random)
      try store.load(TestStore.batch(rows), into: TestStore.tableName)
    }
    for name in try files.listDirectory(TestStore.path + "/checkpoint") {
      try files.remove(TestStore.path + "/checkpoint/" + name)
    }
    _ = try TestStore.open(files)
    let whole = try bytes(of: log, files)
    try files.create(log, cause: .tool).append(whole + [UInt8](repeating: 0, count: 100))
    #expect(throws: StorageError.self) { _ = try TestStore.open(files) }
  }

  /// Commits need the room for their speed only.
  @Test func commitsGoOnWhereNothingCanBeReserved() throws {
    let disk = MemoryFileSystem()
    let rule = FaultPlan.Rule(.error(code: ENOSPC), .from(0), operations: [.reserve])
    let faulty = FaultyFileSystem(disk, plan: FaultPlan(rules: [rule]))
    let rows: [TestStore.Row]
    do { rows = try fill(faulty, loads: 5).rows }
    // Asked for once, and not again with every commit.
    #expect(faulty.injectedFaults.count == 1)
    #expect(try TestStore.contents(of: TestStore.open(disk)) == TestStore.sorted(rows))
  }

  @Test func nothingIsReservedUnlessWanted() throws {
    let disk = MemoryFileSystem()
    let (store, _) = try fill(disk, loads: 3, options: TestStore.unreserved)
    #expect(try bytes(of: log, disk).count < 32 << 10)
    withExtendedLifetime(store) {}
  }
}
