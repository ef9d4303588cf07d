import Glibc

/// What this process has used since it started.
public struct ProcessUsage: Hashable, Sendable {
  /// Processor time of all threads.
  public var userSeconds: Double
  public var systemSeconds: Double
  /// The most memory that was resident at once.
  public var peakRSSBytes: Int
  /// Memory resident now.
  public var currentRSSBytes: Int

  public var cpuSeconds: Double { userSeconds + systemSeconds }

  /// A few microseconds.
  public static func current() -> ProcessUsage {
    var usage = rusage()
    // Fails only for an unknown `who`.
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return ProcessUsage(
      userSeconds: seconds(usage.ru_utime), systemSeconds: seconds(usage.ru_stime),
      peakRSSBytes: usage.ru_maxrss * 1024, currentRSSBytes: residentBytes())
  }

  /// Processor time of the calling thread so far, in seconds; the difference of two calls is what
  /// the work between them cost.
  public static func threadCPUSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  /// Threads of the machine that ran or wanted to, per processor, as a mean over about a minute;
  /// 0 where that is not known.
  public static func machineLoad() -> Double {
    var mean = 0.0
    guard getloadavg(&mean, 1) == 1 else { return 0 }
    return mean / Double(max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))))
  }

  /// Bytes that the process has given the system to write to disks so far, in whole pages and with
  /// what the file system writes for them (`write_bytes` of `/proc/PID/io`); nil where that is not
  /// known.
  public static func deviceBytesWritten() -> Int? {
    let lines = readText("/proc/self/io")?.split(separator: "\n") ?? []
    return lines.first { $0.hasPrefix("write_bytes: ") }.flatMap { Int($0.dropFirst(13)) }
  }

  /// Forgets the peak of resident memory, so that a run in the same process as another one is
  /// measured by itself. Does nothing where the system refuses.
  public static func resetPeak() {
    let descriptor = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    // 5 stands for the peak (see proc(5)).
    _ = write(descriptor, "5", 1)
    close(descriptor)
  }

  /// Memory of the process's own that is resident now, in bytes: without the pages of files that it
  /// reads in place, which the system takes back whenever it likes. 0 where that is not known.
  public static func anonymousBytes() -> Int {
    let lines = readText("/proc/self/status")?.split(separator: "\n") ?? []
    let line = lines.first { $0.hasPrefix("RssAnon:") }
    return line?.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 } ?? 0
  }

  private static func seconds(_ time: timeval) -> Double {
    Double(time.tv_sec) + Double(time.tv_usec) / 1e6
  }

  /// The second field of `statm`, in pages; 0 where there is no `/proc`.
  private static func residentBytes() -> Int {
    let fields = readText("/proc/self/statm")?.split(separator: " ") ?? []
    guard fields.count > 1, let pages = Int(fields[1]) else { return 0 }
    return pages * sysconf(Int32(_SC_PAGESIZE))
  }
}
