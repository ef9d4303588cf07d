import StorageBase
import StorageIO
import Testing

/// What the in-memory file system says a power failure leaves, against the rules it promises.
struct CrashTests {
  @Test(arguments: 0..<200 as Range<UInt64>)
  func syncedBytesSurviveAndOthersAreAPrefix(seed: UInt64) throws {
    let system = MemoryFileSystem()
    var random = SeededGenerator(seed: seed)
    let file = try system.create("f", cause: .log)
    try system.syncDirectory("/", cause: .log)
    var written: [UInt8] = []
    var syncedByteCount = 0
    for _ in 0..<Int.random(in: 0..<8, using: &random) {
      let bytes = (0..<Int.random(in: 0..<900, using: &random)).map { _ in
        UInt8.random(in: 1...255, using: &random)
      }
      try file.append(bytes)
      written += bytes
      if Bool.random(using: &random) {
        try file.sync()
        syncedByteCount = written.count
      }
    }
    let found = try system.crash(seed: seed).contents(of: "f")
    #expect(found.count >= syncedByteCount && found.count <= written.count)
    #expect(found.prefix(syncedByteCount) == written.prefix(syncedByteCount))
    // Only the last sector of what was not synced may be torn.
    let tornStart = max(syncedByteCount, max(0, found.count - 1) / 512 * 512)
    #expect(found.prefix(tornStart) == written.prefix(min(tornStart, found.count)))
    #expect(try system.contents(of: "f") == written, "the crash changed its past")
  }

  /// Over many seeds every kind of outcome is met, or the simulation tests little.
  @Test func outcomesVary() throws {
    let system = MemoryFileSystem()
    let file = try system.create("f", cause: .log)
    try system.syncDirectory("/", cause: .log)
    try file.append([UInt8](repeating: 1, count: 100))
    try file.sync()
    try file.append([UInt8](repeating: 2, count: 2000))
    var (nothing, everything, part, zeros, garbage) = (0, 0, 0, 0, 0)
    for seed in 0..<300 as Range<UInt64> {
      let found = try system.crash(seed: seed).contents(of: "f")
      let isTorn = found.dropFirst(100).contains { $0 != 2 }
      switch found.count {
      case 100: nothing += 1
      case 2100 where !isTorn: everything += 1
      default: if !isTorn { part += 1 }
      }
      if isTorn { if found.last == 0 { zeros += 1 } else { garbage += 1 } }
    }
    for count in [nothing, everything, part, zeros, garbage] { #expect(count > 10) }
  }

  @Test func sameSeedSameOutcome() throws {
    let system = MemoryFileSystem()
    for name in 0..<20 {
      try system.write([UInt8](repeating: UInt8(name), count: 300), to: "\(name)", syncing: false)
    }
    func outcome(_ seed: UInt64) throws -> [[UInt8]] {
      let crashed = system.crash(seed: seed)
      return try crashed.listDirectory("/").map { try crashed.contents(of: $0) }
    }
    for seed in 0..<20 as Range<UInt64> { #expect(try outcome(seed) == outcome(seed)) }
  }

  @Test func unsyncedNamesMayVanishSyncedNamesStay() throws {
    let system = MemoryFileSystem()
    try system.createDirectory("d")
    try system.syncDirectory("/", cause: .tool)
    try system.write([1], to: "d/synced")
    try system.syncDirectory("d", cause: .tool)
    try system.write([2], to: "d/new")
    var outcomes: Set<[String]> = []
    for seed in 0..<50 as Range<UInt64> {
      outcomes.insert(try system.crash(seed: seed).listDirectory("d"))
    }
    #expect(outcomes == [["synced"], ["new", "synced"]])
  }

  /// A directory whose own name was never synced is lost with all that is in it.
  @Test func contentsOfALostDirectoryAreLost() throws {
    let system = MemoryFileSystem()
    try system.createDirectory("d")
    try system.write([1], to: "d/f")
    try system.syncDirectory("d", cause: .tool)
    var counts = (lost: 0, kept: 0)
    for seed in 0..<50 as Range<UInt64> {
      let crashed = system.crash(seed: seed)
      if try crashed.exists("d") {
        #expect(try crashed.contents(of: "d/f") == [1])
        counts.kept += 1
      } else {
        counts.lost += 1
      }
    }
    #expect(counts.lost > 0 && counts.kept > 0)
  }

  /// Changes of one directory survive in the order they were made.
  @Test func directoryChangesSurviveInOrder() throws {
    let system = MemoryFileSystem()
    for name in 0..<10 { try system.write([], to: "\(name)") }
    for seed in 0..<200 as Range<UInt64> {
      let names = try system.crash(seed: seed).listDirectory("/")
      #expect(names == (0..<names.count).map { "\($0)" })
    }
  }

  /// A file moved between directories has one of its names, never both and never none.
  @Test func renameAcrossDirectoriesIsAtomic() throws {
    let system = MemoryFileSystem()
    try system.createDirectory("a")
    try system.createDirectory("b")
    try system.write([1], to: "a/f")
    try system.syncDirectory("a", cause: .tool)
    try system.syncDirectory("/", cause: .tool)
    try system.write([], to: "b/before")
    try system.rename("a/f", to: "b/g")
    var outcomes: Set<[Bool]> = []
    for seed in 0..<200 as Range<UInt64> {
      let crashed = system.crash(seed: seed)
      let outcome = [try crashed.exists("a/f"), try crashed.exists("b/g")]
      #expect(outcome[0] != outcome[1])
      if outcome[1] { #expect(try crashed.exists("b/before")) }
      outcomes.insert(outcome)
    }
    #expect(outcomes.count == 2)

    // A sync of either directory settles both, and what came before in them.
    try system.syncDirectory("a", cause: .tool)
    for seed in 0..<50 as Range<UInt64> {
      let crashed = system.crash(seed: seed)
      #expect(try crashed.listDirectory("a") == [])
      #expect(try crashed.listDirectory("b") == ["before", "g"])
    }
  }

  /// Replacing a file by writing another and renaming it leaves the old or the new contents.
  @Test func replaceByRenameLeavesOldOrNew() throws {
    let system = MemoryFileSystem()
    let old = [UInt8](repeating: 1, count: 700)
    let new = [UInt8](repeating: 2, count: 900)
    try system.write(old, to: "current")
    try system.syncDirectory("/", cause: .tool)
    try system.write(new, to: "temporary")
    try system.rename("temporary", to: "current")
    var outcomes: Set<[UInt8]> = []
    for seed in 0..<100 as Range<UInt64> {
      outcomes.insert(try system.crash(seed: seed).contents(of: "current"))
    }
    #expect(outcomes == [old, new])
    try system.syncDirectory("/", cause: .tool)
    for seed in 0..<20 as Range<UInt64> {
      #expect(try system.crash(seed: seed).contents(of: "current") == new)
    }
  }

  @Test func unsyncedTruncationMayNotHaveHappened() throws {
    let system = MemoryFileSystem()
    let file = try system.create("f", cause: .log)
    try file.append([1, 2, 3, 4])
    try file.sync()
    try system.syncDirectory("/", cause: .tool)
    try file.truncate(to: 2)
    var outcomes: Set<[UInt8]> = []
    for seed in 0..<50 as Range<UInt64> {
      outcomes.insert(try system.crash(seed: seed).contents(of: "f"))
    }
    #expect(outcomes == [[1, 2], [1, 2, 3, 4]])
    try file.sync()
    for seed in 0..<20 as Range<UInt64> {
      #expect(try system.crash(seed: seed).contents(of: "f") == [1, 2])
    }
  }

  @Test func locksVanish() throws {
    let system = MemoryFileSystem()
    let lock = try system.lock("LOCK")
    defer { withExtendedLifetime(lock) {} }
    _ = try system.crash(seed: 1).lock("LOCK")
  }

  @Test func capacityIsEnforced() throws {
    let system = MemoryFileSystem(capacityByteCount: 10)
    try system.write([UInt8](repeating: 0, count: 6), to: "a")
    let file = try system.create("b", cause: .log)
    #expect(throws: StorageError.noSpace(operation: "write", path: "b")) {
      try file.append([UInt8](repeating: 0, count: 5))
    }
    #expect(try system.freeByteCount("b") == 4)
    try system.remove("a")
    try file.append([UInt8](repeating: 0, count: 10))
    #expect(try system.freeByteCount("b") == 0)
  }
}
