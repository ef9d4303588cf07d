import Glibc
import StorageBase
import StorageIO
import Testing

struct FaultyFileSystemTests {
  /// Replaces `current` by way of a temporary file, as every careful program does.
  private func replace(_ system: any FileSystem, with bytes: [UInt8]) throws {
    let file = try system.create("new", cause: .checkpoint)
    try file.append(bytes)
    try file.sync()
    try system.rename("new", to: "current")
    try system.syncDirectory("/", cause: .checkpoint)
  }

  /// Fails at every operation in turn, crashes there, and looks at what is left: the idiom that
  /// the tests of the engine use.
  @Test(arguments: [false, true])
  func replacementIsAtomicWhereverItFails(dies: Bool) throws {
    let (old, new): ([UInt8], [UInt8]) = ([1, 2, 3], [UInt8](repeating: 9, count: 2000))
    var failedCount = 0
    for number in 0... {
      let memory = MemoryFileSystem()
      try replace(memory, with: old)
      let seed = UInt64(number)
      let disk = FaultyFileSystem(
        memory,
        plan: dies
          ? .dying(atOperation: number, seed: seed) : .failing(operation: number, seed: seed))
      do {
        try replace(disk, with: new)
        #expect(try memory.crash(seed: seed).contents(of: "current") == new)
        break
      } catch {
        failedCount += 1
        #expect(disk.injectedFaults.map(\.number) == [number])
        for crash in 0..<10 as Range<UInt64> {
          let found = try memory.crash(seed: crash).contents(of: "current")
          #expect(found == old || found == new, "\(disk.injectedFaults)")
        }
      }
    }
    #expect(failedCount == 5)
  }

  /// Another device, or a file system without links: the file is copied. Other errors are errors.
  @Test(arguments: [EXDEV, EPERM, EMLINK, EOPNOTSUPP, EIO])
  func linkFallsBackToACopy(code: Int32) throws {
    let memory = MemoryFileSystem()
    try memory.write([1, 2, 3], to: "a")
    let rule = FaultPlan.Rule(.error(code: code), .only(0), operations: [.link])
    let disk = FaultyFileSystem(memory, plan: FaultPlan(rules: [rule]))
    guard code != EIO else {
      #expect(throws: StorageError.self) { try disk.linkOrCopy("a", to: "b", cause: .tool) }
      return
    }
    #expect(try disk.linkOrCopy("a", to: "b", cause: .tool) == false)
    try memory.openForAppending("a", cause: .tool).append([4])
    try disk.syncDirectory("/", cause: .tool)
    #expect(try memory.crash(seed: 0).contents(of: "b") == [1, 2, 3])
  }

  /// The same protocol without the sync of the file is wrong, and the simulation shows it.
  @Test func crashesFindAMissingSync() throws {
    let memory = MemoryFileSystem()
    try replace(memory, with: [1])
    try memory.write([2, 2, 2], to: "new", syncing: false)
    try memory.rename("new", to: "current")
    try memory.syncDirectory("/", cause: .tool)
    let outcomes = try Set(
      (0..<100 as Range<UInt64>).map { seed in
        try memory.crash(seed: seed).contents(of: "current")
      })
    #expect(!outcomes.isSubset(of: [[1], [2, 2, 2]]))
  }

  @Test func tornWriteLeavesAPartAndTheNextOneReplacesIt() throws {
    var lengths: Set<UInt64> = []
    for seed in 0..<30 as Range<UInt64> {
      let memory = MemoryFileSystem()
      let disk = FaultyFileSystem(memory, plan: .failing(operation: 1, seed: seed))
      let file = try disk.create("f", cause: .log)
      #expect(throws: StorageError.self) { try file.append([1, 2, 3, 4, 5]) }
      #expect(file.byteCount == 0)
      let torn = try memory.contents(of: "f")
      #expect([1, 2, 3, 4, 5].starts(with: torn))
      lengths.insert(UInt64(torn.count))
      try file.append([7])
      #expect(try memory.contents(of: "f") == [7])
    }
    #expect(lengths.count == 6)
  }

  @Test func bytesBeyondTheBudgetDoNotFit() throws {
    let memory = MemoryFileSystem()
    let disk = FaultyFileSystem(memory, plan: FaultPlan(writableByteCount: 5))
    let file = try disk.create("f", cause: .log)
    try file.append([1, 2, 3])
    #expect(throws: StorageError.noSpace(operation: "write", path: "f")) {
      try file.append([4, 5, 6])
    }
    #expect(file.byteCount == 3)
    #expect(try memory.contents(of: "f") == [1, 2, 3, 4, 5])
  }

  @Test func failedSyncStaysFailed() throws {
    let disk = FaultyFileSystem(
      MemoryFileSystem(),
      plan: FaultPlan(rules: [.init(.error(code: EIO), .only(0), operations: [.sync])]))
    let file = try disk.create("f", cause: .log)
    try file.append([1])
    let first = #expect(throws: StorageError.self) { try file.sync() }
    let second = #expect(throws: StorageError.self) { try file.sync() }
    #expect(first == second)
    #expect(disk.injectedFaults.count == 1)
  }

  @Test func lostSyncsPassUnnoticed() throws {
    let memory = MemoryFileSystem()
    try memory.write([1], to: "f")
    try memory.syncDirectory("/", cause: .tool)
    let disk = FaultyFileSystem(memory, plan: FaultPlan(rules: [.init(.lostSync, .from(0))]))
    let file = try disk.openForAppending("f", cause: .log)
    try file.append([2])
    try file.sync()
    let outcomes = try Set(
      (0..<50 as Range<UInt64>).map { seed in
        try memory.crash(seed: seed).contents(of: "f")
      })
    #expect(outcomes.contains([1]))
  }

  @Test func bitFlipChangesOneBit() throws {
    let memory = MemoryFileSystem()
    let bytes = [UInt8](repeating: 0x55, count: 100)
    try memory.write(bytes, to: "data.segment")
    try memory.write(bytes, to: "log")
    let rule = FaultPlan.Rule(.bitFlip, .from(0), pathPart: ".segment")
    for seed in 0..<20 as Range<UInt64> {
      let disk = FaultyFileSystem(memory, plan: FaultPlan(rules: [rule], seed: seed))
      #expect(try disk.contents(of: "log") == bytes)
      let read = try disk.contents(of: "data.segment")
      let flipped = zip(read, bytes).reduce(0) { $0 + ($1.0 ^ $1.1).nonzeroBitCount }
      #expect(flipped == 1)
    }
    #expect(try memory.contents(of: "data.segment") == bytes)
  }

  @Test func shortReadIsCorruption() throws {
    let memory = MemoryFileSystem()
    try memory.write([1, 2, 3], to: "f")
    let disk = FaultyFileSystem(memory, plan: FaultPlan(rules: [.init(.shortRead, .only(0))]))
    let file = try disk.openForReading("f", cause: .query)
    #expect(file.mapping == nil)
    let error = #expect(throws: StorageError.self) { try file.read(at: 0, count: 3) }
    guard case .corrupt? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(try file.read(at: 0, count: 3) == [1, 2, 3])
  }

  @Test func occurrences() throws {
    func failures(_ occurrence: FaultPlan.Occurrence) -> [Int] {
      let rule = FaultPlan.Rule(.error(code: EIO), occurrence, operations: [.exists])
      let disk = FaultyFileSystem(MemoryFileSystem(), plan: FaultPlan(rules: [rule], seed: 3))
      return (0..<12).filter { _ in
        // Operations of another kind are not counted by the rule.
        _ = try? disk.listDirectory("/")
        do { return try disk.exists("a") } catch { return true }
      }
    }
    #expect(failures(.only(4)) == [4])
    #expect(failures(.from(9)) == [9, 10, 11])
    #expect(failures(.every(5)) == [4, 9])
    #expect(failures(.random(0)) == [])
    #expect(failures(.random(1)) == Array(0..<12))
    #expect(failures(.random(0.5)) == failures(.random(0.5)))
  }

  @Test func replacingThePlanCountsAnew() throws {
    let disk = FaultyFileSystem(MemoryFileSystem())
    _ = try disk.exists("a")
    _ = try disk.exists("a")
    #expect(disk.operationCount == 2)
    disk.replacePlan(.failing(operation: 0, with: .error(code: ENOSPC)))
    #expect(throws: StorageError.noSpace(operation: "look up", path: "a")) {
      _ = try disk.exists("a")
    }
    #expect(disk.operationCount == 1)
    #expect(
      disk.injectedFaults.first?.description
        == "operation 0 (look up a): error(code: \(ENOSPC))")
  }
}
