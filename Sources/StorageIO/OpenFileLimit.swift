import Glibc

/// How many files this process may have open at once. Every file being read holds one descriptor,
/// so a store with many segments needs more than the 1024 that most systems begin with.
public enum OpenFileLimit {
  /// The present limit.
  public static var current: UInt64 { UInt64(limits().rlim_cur) }

  /// Raises the limit to what the process is allowed to take and returns it. Done by programs at
  /// their start; a refusal leaves it as it was.
  @discardableResult
  public static func raise() -> UInt64 {
    var limits = limits()
    limits.rlim_cur = limits.rlim_max
    // Fails only for a limit above the allowed one, which this is not.
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits)
    return current
  }

  private static func limits() -> rlimit {
    var limits = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits)
    return limits
  }
}
