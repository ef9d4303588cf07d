import Glibc

/// What can be asked of a file system and its files; each is one chance to fail.
public enum FileOperation: String, Hashable, Sendable, CaseIterable {
  case createDirectory = "create directory"
  case listDirectory = "list"
  case exists = "look up"
  case create = "create"
  case openForAppending = "open for appending"
  case openForReading = "open for reading"
  case rename = "rename"
  case link = "link"
  case remove = "remove"
  case removeDirectory = "remove directory"
  case syncDirectory = "sync directory"
  case lock = "lock"
  case freeByteCount = "ask for free space at"
  case append = "write"
  case sync = "sync"
  case truncate = "truncate"
  case reserve = "reserve"
  case read = "read"
}

/// Which operations of a `FaultyFileSystem` go wrong, and how: a value, so that a failing test can
/// be replayed from it.
///
///     let disk = FaultyFileSystem(memory, plan: .failing(operation: n))
public struct FaultPlan: Hashable, Sendable {
  public enum Fault: Hashable, Sendable {
    /// Nothing happens and the operation throws the error of this errno value.
    case error(code: Int32)
    /// A random part of the bytes is appended, and the operation throws. An operation other than
    /// `append` fails as for `error`.
    case tornWrite(code: Int32)
    /// A sync reports success and does nothing, as disks have been known to do.
    case lostSync
    /// A read succeeds with one bit inverted.
    case bitFlip
    /// A read finds the file shorter than it was when it was opened.
    case shortRead

    func applies(to operation: FileOperation) -> Bool {
      switch self {
      case .error, .tornWrite: true
      case .lostSync: operation == .sync || operation == .syncDirectory
      case .bitFlip, .shortRead: operation == .read
      }
    }
  }

  /// Which of the operations that match a rule get its fault; they are counted from 0.
  public enum Occurrence: Hashable, Sendable {
    case only(Int)
    /// That one and all after it: what a process sees whose disk has died.
    case from(Int)
    /// The last of each run of this many; at least 1.
    case every(Int)
    /// Each, with this probability.
    case random(Double)
  }

  public struct Rule: Hashable, Sendable {
    public var fault: Fault
    public var occurrence: Occurrence
    public var operations: Set<FileOperation>
    /// A part of the paths that the rule is for; the empty string is part of all.
    public var pathPart: String

    public init(
      _ fault: Fault, _ occurrence: Occurrence,
      operations: Set<FileOperation> = Set(FileOperation.allCases), pathPart: String = ""
    ) {
      self.fault = fault
      self.occurrence = occurrence
      self.operations = operations
      self.pathPart = pathPart
    }

    func matches(_ operation: FileOperation, _ path: String) -> Bool {
      operations.contains(operation) && fault.applies(to: operation)
        && (pathPart.isEmpty || path.contains(pathPart))
    }
  }

  /// The first rule that fires decides; every rule counts the operations it matches.
  public var rules: [Rule]
  /// How many bytes may be appended before the device is full (ENOSPC); nil for no limit. What
  /// fits of an append is written.
  public var writableByteCount: UInt64?
  /// Chooses where writes tear, which bits flip, and for `Occurrence.random`, when.
  public var seed: UInt64

  public init(rules: [Rule] = [], writableByteCount: UInt64? = nil, seed: UInt64 = 0) {
    self.rules = rules
    self.writableByteCount = writableByteCount
    self.seed = seed
  }

  /// No faults.
  public static let none = FaultPlan()

  /// Only the operation with this number fails, whatever it is: the step of a loop that tries
  /// every place until nothing fails any more.
  public static func failing(
    operation number: Int, with fault: Fault = .tornWrite(code: EIO), seed: UInt64 = 0
  ) -> FaultPlan {
    FaultPlan(rules: [Rule(fault, .only(number))], seed: seed)
  }

  /// Every operation from this number on fails: the process as good as dies there.
  public static func dying(atOperation number: Int, seed: UInt64 = 0) -> FaultPlan {
    FaultPlan(rules: [Rule(.tornWrite(code: EIO), .from(number))], seed: seed)
  }
}
