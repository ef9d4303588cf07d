import Glibc
import StorageBase
import Synchronization

/// Whether somebody asked the program to stop. Long work looks at it between steps and ends in
/// order. Thread-safe.
///
///     let interrupt = try InterruptFlag.installingSignalHandlers()
///     while !interrupt.isSet { step() }
public final class InterruptFlag: Sendable {
  private let signalNumber = Atomic<Int32>(0)

  /// A flag that only `set` raises, for tests and embedded use.
  public init() {}

  public var isSet: Bool { signalNumber.load(ordering: .relaxed) != 0 }

  /// What a program that ends because of the flag should exit with: 130 after SIGINT, 143 after
  /// SIGTERM, 0 when the flag is not set.
  public var exitStatus: Int32 {
    let number = signalNumber.load(ordering: .relaxed)
    return number == 0 ? 0 : 128 + number
  }

  /// Raises the flag as if `signal` had come; the first one is remembered.
  public func set(by signal: Int32 = SIGINT) { _ = raise(signal) }

  /// True when the flag was down. Safe in a signal handler: one atomic exchange.
  private func raise(_ signal: Int32) -> Bool {
    signalNumber.compareExchange(expected: 0, desired: signal, ordering: .relaxed).exchanged
  }

  /// The flag of the process, as a handler can reach nothing that it is not given by a global.
  private static let process = InterruptFlag()

  /// From now on SIGINT and SIGTERM raise the returned flag, which is the same at every call. A
  /// second signal ends the program at once, without cleaning up, with the status 128 plus its
  /// number.
  /// - Throws: `StorageError.io` when the system refuses.
  public static func installingSignalHandlers() throws -> InterruptFlag {
    // The global is made before a handler can run, which must not do such work itself.
    let flag = process
    var action = sigaction()
    action.__sigaction_handler.sa_handler = { signal in
      if !InterruptFlag.process.raise(signal) { _exit(128 + signal) }
    }
    action.sa_flags = SA_RESTART
    sigemptyset(&action.sa_mask)
    for signal in [SIGINT, SIGTERM] {
      guard sigaction(signal, &action, nil) == 0 else {
        throw StorageError.system("handle signal", "\(signal)")
      }
    }
    return flag
  }
}
