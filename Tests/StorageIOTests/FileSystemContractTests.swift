import Glibc
import StorageBase
import StorageIO
import Testing

/// The promises of `FileSystem` that every implementation keeps, checked on each of them.
struct FileSystemContractTests {
  enum Kind: CaseIterable { case posix, memory, faulty }

  /// A file system and a directory of it; `keep` is held as long as they are used.
  private func make(_ kind: Kind) throws -> (any FileSystem, String, keep: AnyObject?) {
    switch kind {
    case .posix:
      let directory = try TemporaryDirectory()
      return (PosixFileSystem(), directory.path, directory)
    case .memory:
      return (MemoryFileSystem(), "/", nil)
    case .faulty:
      return (FaultyFileSystem(MemoryFileSystem()), "/", nil)
    }
  }

  private func expectCode(_ code: Int32, _ body: () throws -> Void) {
    do {
      try body()
      Issue.record("no error, expected errno \(code)")
    } catch StorageError.io(_, _, let found, let message) {
      #expect(found == code)
      #expect(!message.isEmpty)
    } catch {
      Issue.record("\(error)")
    }
  }

  @Test(arguments: Kind.allCases)
  func writesAndReads(_ kind: Kind) throws {
    let (system, root, keep) = try make(kind)
    defer { withExtendedLifetime(keep) {} }
    let path = "\(root)/a"
    let file = try system.create(path, cause: .flush)
    #expect(file.byteCount == 0)
    try file.append([1, 2, 3])
    try file.append([UInt8]())
    try file.append([4, 5])
    try file.sync()
    #expect(file.byteCount == 5)
    let again = try system.openForAppending(path, cause: .log)
    #expect(again.byteCount == 5)
    try again.append([6])
    try again.truncate(to: 4)
    try again.append([9])
    #expect(try system.contents(of: path) == [1, 2, 3, 4, 9])

    let reader = try system.openForReading(path, cause: .query)
    #expect(reader.byteCount == 5)
    #expect(try reader.read(at: 1, count: 3) == [2, 3, 4])
    #expect(try reader.read(at: 5, count: 0) == [])
    for (offset, count) in [(0, 6), (5, 1), (6, 0), (3, 3)] {
      #expect(throws: StorageError.self) { try reader.read(at: UInt64(offset), count: count) }
    }
    if let mapping = reader.mapping { #expect(Array(mapping) == [1, 2, 3, 4, 9]) }

    #expect(system.counters[.flush].bytesWritten == 5)
    #expect(system.counters[.flush].syncs == 1)
    #expect(system.counters[.log].bytesWritten == 2)
    #expect(system.counters[.query].bytesRead == 3)
    #expect(system.counters.total.bytesRead == 8)
  }

  /// What is reserved is zeros to those who read, and nothing to those who append.
  @Test(arguments: Kind.allCases)
  func appendsGoOverWhatIsReserved(_ kind: Kind) throws {
    let (system, root, keep) = try make(kind)
    defer { withExtendedLifetime(keep) {} }
    let path = "\(root)/a"
    let file = try system.create(path, cause: .log)
    try file.append([1, 2])
    try file.reserve(upTo: 6)
    #expect(file.byteCount == 2)
    #expect(try system.contents(of: path) == [1, 2, 0, 0, 0, 0])
    try file.append([3])
    try file.reserve(upTo: 5)
    #expect(try system.contents(of: path) == [1, 2, 3, 0, 0, 0])
    try file.append([4, 5, 6, 7])
    #expect(try system.contents(of: path) == [1, 2, 3, 4, 5, 6, 7])
    try file.reserve(upTo: 9)
    try file.sync()
    #expect(system.counters[.log].bytesWritten == 13)
    try file.truncate(to: file.byteCount)
    #expect(try system.contents(of: path) == [1, 2, 3, 4, 5, 6, 7])
    try file.reserve(upTo: 8)
    let again = try system.openForAppending(path, cause: .log)
    #expect(again.byteCount == 8)
    try again.append([9])
    #expect(try system.contents(of: path) == [1, 2, 3, 4, 5, 6, 7, 0, 9])
  }

  /// The room of a large step is written in several pieces.
  @Test(arguments: Kind.allCases)
  func muchIsReserved(_ kind: Kind) throws {
    let (system, root, keep) = try make(kind)
    defer { withExtendedLifetime(keep) {} }
    let path = "\(root)/a"
    let file = try system.create(path, cause: .log)
    try file.append([1])
    try file.reserve(upTo: 200_000)
    #expect(try system.contents(of: path) == [1] + [UInt8](repeating: 0, count: 199_999))
  }

  @Test(arguments: Kind.allCases)
  func emptyFileCanBeRead(_ kind: Kind) throws {
    let (system, root, keep) = try make(kind)
    defer { withExtendedLifetime(keep) {} }
    try system.write([], to: "\(root)/empty")
    let reader = try system.openForReading("\(root)/empty", cause: .query)
    #expect(reader.byteCount == 0)
    #expect(try reader.read(at: 0, count: 0) == [])
    if let mapping = reader.mapping { #expect(mapping.isEmpty) }
  }

  /// Readers keep what they opened, whatever happens to its name.
  @Test(arguments: Kind.allCases)
  func openFilesOutliveTheirNames(_ kind: Kind) throws {
    let (system, root, keep) = try make(kind)
    defer { withExtendedLifetime(keep) {} }
    let path = "\(root)/a"
    try system.write([1, 2, 3], to: path)
    let first = try system.openForReading(path, cause: .query)
    try system.write([4, 5], to: path)
    let second = try system.openForReading(path, cause: .query)
    try system.remove(path)
    #expect(try system.exists(path) == false)
    #expect(try first.read(at: 0, count: 3) == [1, 2, 3])
    #expect(try second.read(at: 0, count: 2) == [4, 5])
    expectCode(ENOENT) { _ = try system.openForReading(path, cause: .query) }
  }

  @Test(arguments: Kind.allCases)
  func directories(_ kind: Kind) throws {
    let (system, root, keep) = try make(kind)
    defer { withExtendedLifetime(keep) {} }
    let deep = "\(root)/x/y/z"
    try system.createDirectory(deep)
    try system.createDirectory(deep)
    try system.write([1], to: "\(deep)/2")
    try system.write([1], to: "\(deep)/1")
    try system.createDirectory("\(deep)/3")
    #expect(try system.listDirectory(deep) == ["1", "2", "3"])
    try system.rename("\(deep)/2", to: "\(root)/x/moved")
    #expect(try system.listDirectory(deep) == ["1", "3"])
    #expect(try system.listDirectory("\(root)/x") == ["moved", "y"])
    try system.syncDirectory(deep, cause: .checkpoint)
    #expect(system.counters[.checkpoint].syncs == 1)
    try system.removeDirectory("\(deep)/3")
    #expect(try system.exists("\(deep)/3") == false)
    #expect(try system.exists("\(deep)/1/under-a-file") == false)

    expectCode(ENOTEMPTY) { try system.removeDirectory(deep) }
    expectCode(ENOENT) { _ = try system.listDirectory("\(root)/none") }
    expectCode(ENOTDIR) { _ = try system.listDirectory("\(deep)/1") }
    expectCode(ENOENT) { _ = try system.create("\(root)/none/a", cause: .tool) }
    expectCode(ENOENT) { _ = try system.openForAppending("\(root)/none", cause: .tool) }
    expectCode(ENOENT) { try system.rename("\(root)/none", to: "\(root)/other") }
    expectCode(ENOENT) { try system.remove("\(root)/none") }
    expectCode(ENOENT) { try system.syncDirectory("\(root)/none", cause: .tool) }
    expectCode(EEXIST) { try system.createDirectory("\(deep)/1") }
    expectCode(EISDIR) { _ = try system.openForReading(deep, cause: .tool) }
  }

  @Test(arguments: Kind.allCases)
  func renameReplaces(_ kind: Kind) throws {
    let (system, root, keep) = try make(kind)
    defer { withExtendedLifetime(keep) {} }
    try system.write([1], to: "\(root)/new")
    try system.write([2], to: "\(root)/current")
    try system.rename("\(root)/new", to: "\(root)/current")
    #expect(try system.contents(of: "\(root)/current") == [1])
    #expect(try system.exists("\(root)/new") == false)
  }

  /// Two names of one file: what is written through one is read through the other, and the bytes
  /// stay until both are gone.
  @Test(arguments: Kind.allCases)
  func linksAreTheSameFile(_ kind: Kind) throws {
    let (system, root, keep) = try make(kind)
    defer { withExtendedLifetime(keep) {} }
    try system.createDirectory("\(root)/d")
    try system.write([1, 2], to: "\(root)/a")
    try system.link("\(root)/a", to: "\(root)/d/b")
    try system.openForAppending("\(root)/a", cause: .tool).append([3])
    #expect(try system.contents(of: "\(root)/d/b") == [1, 2, 3])
    // Creating replaces a name, not the file that had it.
    try system.write([9], to: "\(root)/a")
    #expect(try system.contents(of: "\(root)/d/b") == [1, 2, 3])
    try system.remove("\(root)/a")
    #expect(try system.contents(of: "\(root)/d/b") == [1, 2, 3])

    expectCode(ENOENT) { try system.link("\(root)/a", to: "\(root)/c") }
    expectCode(ENOENT) { try system.link("\(root)/d/b", to: "\(root)/none/c") }
    expectCode(EEXIST) { try system.link("\(root)/d/b", to: "\(root)/d/b") }
    expectCode(EEXIST) { try system.link("\(root)/d/b", to: "\(root)/d") }
    expectCode(EPERM) { try system.link("\(root)/d", to: "\(root)/e") }
    try system.remove("\(root)/d/b")
    #expect(try system.exists("\(root)/d/b") == false)
  }

  /// A copy has the bytes and is another file, and so has what a link falls back to.
  @Test(arguments: Kind.allCases)
  func copies(_ kind: Kind) throws {
    let (system, root, keep) = try make(kind)
    defer { withExtendedLifetime(keep) {} }
    let bytes = (0..<(2 << 20) + 5).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    try system.write(bytes, to: "\(root)/a")
    var steps: [Int] = []
    try system.copy("\(root)/a", to: "\(root)/b", cause: .tool) { steps.append($0) }
    #expect(steps == [1 << 20, 1 << 20, 5])
    #expect(try system.linkOrCopy("\(root)/a", to: "\(root)/c", cause: .tool))
    try system.openForAppending("\(root)/a", cause: .tool).append([7])
    #expect(try system.contents(of: "\(root)/b") == bytes)
    #expect(try system.contents(of: "\(root)/c") == bytes + [7])
  }

  @Test(arguments: Kind.allCases)
  func locksExclude(_ kind: Kind) throws {
    let (system, root, keep) = try make(kind)
    defer { withExtendedLifetime(keep) {} }
    var lock: (any FileLock)? = try system.lock("\(root)/LOCK")
    #expect(lock != nil)
    #expect(throws: StorageError.self) { _ = try system.lock("\(root)/LOCK") }
    lock = nil
    _ = try system.lock("\(root)/LOCK")
  }

  @Test(arguments: Kind.allCases)
  func freeSpaceIsKnown(_ kind: Kind) throws {
    let (system, root, keep) = try make(kind)
    defer { withExtendedLifetime(keep) {} }
    #expect(try system.freeByteCount(root) > 0)
  }

  /// The same random operations on the real and the in-memory file system have the same outcome.
  @Test(arguments: 0..<20 as Range<UInt64>)
  func memoryBehavesLikePosix(seed: UInt64) throws {
    let directory = try TemporaryDirectory()
    let posix = PosixFileSystem()
    let memory = MemoryFileSystem()
    var random = SeededGenerator(seed: seed)
    let names = ["a", "b", "d", "d/a", "d/b", "d/e", "d/e/a", "./d//a", ".//b"]
    func name() -> String { names.randomElement(using: &random) ?? "a" }

    for step in 0..<300 {
      let operation = Int.random(in: 0..<10, using: &random)
      let (source, target) = (name(), name())
      let bytes = (0..<Int.random(in: 0..<40, using: &random)).map { _ in
        UInt8(truncatingIfNeeded: random.next())
      }
      func outcome(_ system: any FileSystem, _ root: String) -> String {
        do {
          return try perform(
            operation, on: system, "\(root)/\(source)", "\(root)/\(target)", bytes)
        } catch StorageError.io(_, _, let code, _) {
          return "errno \(code)"
        } catch {
          return "\(error)"
        }
      }
      let expected = outcome(posix, directory.path)
      let found = outcome(memory, "")
      #expect(found == expected, "step \(step): operation \(operation) \(source) \(target)")
    }
    #expect(memory.counters.total == posix.counters.total)
  }

  private func perform(
    _ operation: Int, on system: any FileSystem, _ source: String, _ target: String,
    _ bytes: [UInt8]
  ) throws -> String {
    switch operation {
    case 0: try system.createDirectory(source)
    case 1: return try system.listDirectory(source).joined(separator: " ")
    case 2: return try "\(system.exists(source))"
    case 3: try system.write(bytes, to: source)
    case 4:
      let file = try system.openForAppending(source, cause: .log)
      try file.append(bytes)
      if file.byteCount > 50 { try file.truncate(to: 13) }
      return "\(file.byteCount)"
    case 5: return try "\(system.contents(of: source))"
    case 6: try system.rename(source, to: target)
    case 7: try system.remove(source)
    case 8: try system.link(source, to: target)
    default: try system.removeDirectory(source)
    }
    return "done"
  }
}
