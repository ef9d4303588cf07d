import Glibc
import ScanKernels
import StorageBase
import StorageIO
import Testing

@testable import TabletEngine

/// Loads that do not become visible leave nothing on disk. (Found by simulation, seed 202.)
@Suite struct UncommittedFilesTests {
  private static func segmentFiles(_ disk: MemoryFileSystem) throws -> [String] {
    let data = TestStore.path + "/data"
    return try disk.listDirectory(data).flatMap { directory in
      try disk.listDirectory("\(data)/\(directory)").map { "\(directory)/\($0)" }
    }
  }

  private static func options() -> StoreOptions {
    StoreOptions(inlineRowsetByteCountMax: 0, tabletVersionCountMax: 2)
  }

  private static func batch(_ load: Int) throws -> ColumnBatch {
    var random = SeededGenerator(seed: UInt64(load))
    return try TestStore.batch(TestStore.rows(load: load, count: 40, random: &random))
  }

  @Test func aRefusedLoadLeavesNoFiles() throws {
    let disk = MemoryFileSystem()
    let store = try TestStore.create(disk, options: Self.options())
    for load in 0..<2 { try store.load(Self.batch(load), into: TestStore.tableName) }
    let before = try Self.segmentFiles(disk)
    #expect(before.count == 6)
    #expect(throws: StorageError.self) {
      try store.load(Self.batch(2), into: TestStore.tableName)
    }
    #expect(try Self.segmentFiles(disk) == before)
  }

  @Test func aLoadThatIsGivenUpLeavesNoFiles() throws {
    let disk = MemoryFileSystem()
    let store = try TestStore.create(disk, options: Self.options())
    do {
      let builder = try store.beginLoad(into: TestStore.tableName)
      try builder.append(Self.batch(0))
      _ = try builder.prepare()
      #expect(try Self.segmentFiles(disk).count == 3)
    }
    #expect(try Self.segmentFiles(disk) == [])
  }

  @Test func aLoadThatCannotBeWrittenLeavesNoFiles() throws {
    let disk = MemoryFileSystem()
    let faulty = FaultyFileSystem(disk)
    let store = try TestStore.create(faulty, options: Self.options())
    for operation in 0..<100 {
      let rule = FaultPlan.Rule(.tornWrite(code: ENOSPC), .only(operation), pathPart: "/data/")
      faulty.replacePlan(FaultPlan(rules: [rule], seed: 5))
      do {
        try store.load(Self.batch(operation), into: TestStore.tableName)
        break
      } catch is StorageError {
        #expect(try Self.segmentFiles(disk) == [], "operation \(operation)")
      }
    }
    #expect(try Self.segmentFiles(disk).count == 3)
  }

  /// Of a load whose sync failed nobody knows whether it is in the log, so its files must stay.
  @Test func aLoadThatMayBeInTheLogKeepsItsFiles() throws {
    let disk = MemoryFileSystem()
    let faulty = FaultyFileSystem(disk)
    do {
      let store = try TestStore.create(faulty, options: Self.options())
      // The first one of a store sets ids aside, which is a sync of its own.
      _ = try store.begin()
      let rule = FaultPlan.Rule(
        .error(code: EIO), .only(0), operations: [.sync], pathPart: ".log")
      faulty.replacePlan(FaultPlan(rules: [rule]))
      #expect(throws: StorageError.self) {
        try store.load(Self.batch(0), into: TestStore.tableName)
      }
    }
    #expect(try Self.segmentFiles(disk).count == 3)
    #expect(try TestStore.contents(of: TestStore.open(disk)).count == 40)
  }
}
