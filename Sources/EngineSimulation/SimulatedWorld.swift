import StorageBase
import StorageIO
import TabletEngine

/// What a store lives in: a disk, a clock, and processes that begin and end. Everything that
/// happens here can happen to a machine.
struct SimulatedWorld {
  static let storePath = "/store"

  /// A day of this century, so that a clock can be set back without becoming negative.
  let clock = ManualClock(Timestamp(rawValue: 1_790_000_000_000_000))
  var options: StoreOptions
  /// What the secrets of a new store are made of.
  let entropy: UInt64
  private(set) var disk = MemoryFileSystem()
  private(set) var faulty: FaultyFileSystem
  /// What the store sees of the disk.
  private(set) var files: YieldingFileSystem
  private(set) var store: Store?
  /// Whether a store has been created for certain.
  private(set) var isCreated = false
  /// Whether nothing has been made to fail since the store was opened, so that nothing may fail.
  private(set) var isHealthy = true
  private(set) var faultCount = 0
  /// What went wrong in the process before this one.
  private(set) var lastFaults: [InjectedFault] = []

  init(options: StoreOptions, entropy: UInt64 = 7) {
    self.options = options
    self.entropy = entropy
    faulty = FaultyFileSystem(disk)
    files = YieldingFileSystem(faulty)
  }

  /// Starts a process that opens the store, or creates it the first time.
  /// - Returns: false when an injected fault stood in the way; the faults are over then.
  /// - Throws: `SimulationFailure` when something else did.
  mutating func open() throws(SimulationFailure) -> Bool {
    isHealthy = faulty.injectedFaults.isEmpty && !hasPlan
    do {
      if try faulty.exists(Self.storePath + "/SEDIMENT") {
        store = try Store.open(Self.storePath, files: files, clock: clock, options: options)
      } else if isCreated {
        throw SimulationFailure("the store is gone")
      } else {
        store = try Store.create(
          Self.storePath, files: files, clock: clock, entropy: entropy, options: options)
      }
      isCreated = true
      return true
    } catch let failure as SimulationFailure {
      throw failure
    } catch {
      guard !faulty.injectedFaults.isEmpty else { throw SimulationFailure("open: \(error)") }
      end(atOnce: true)
      return false
    }
  }

  private var hasPlan = false

  mutating func setFaults(_ plan: FaultPlan) {
    faultCount += faulty.injectedFaults.count
    faulty.replacePlan(plan)
    hasPlan = plan != .none
    if hasPlan { isHealthy = false }
  }

  /// Does something while nothing fails; the plan goes on afterwards from its beginning.
  func withoutFaults<Result>(_ plan: FaultPlan, _ body: () throws -> Result) rethrows -> Result {
    faulty.replacePlan(.none)
    defer { faulty.replacePlan(plan) }
    return try body()
  }

  /// Ends the process; what it has written stays, synced or not. The faults end with it.
  /// - Parameter atOnce: whether it is killed, and does not tidy up.
  mutating func end(atOnce: Bool) {
    files.onYield(nil)
    lastFaults = faulty.injectedFaults
    faultCount += lastFaults.count
    if atOnce { faulty.replacePlan(.dying(atOperation: 0)) }
    store = nil
    connect()
  }

  /// Power is lost: what was not synced may be gone, torn, or there.
  mutating func losePower(seed: UInt64) {
    files.onYield(nil)
    faultCount += faulty.injectedFaults.count
    // The process must not tidy up on its way out.
    let survivor = disk.crash(seed: seed)
    store = nil
    disk = survivor
    connect()
  }

  private mutating func connect() {
    hasPlan = false
    faulty = FaultyFileSystem(disk)
    files = YieldingFileSystem(faulty)
  }
}
