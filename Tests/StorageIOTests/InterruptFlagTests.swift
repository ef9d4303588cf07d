import Glibc
import StorageIO
import Testing

struct InterruptFlagTests {
  @Test func setByHand() {
    let flag = InterruptFlag()
    #expect(!flag.isSet)
    #expect(flag.exitStatus == 0)
    flag.set(by: SIGTERM)
    flag.set()
    #expect(flag.isSet)
    #expect(flag.exitStatus == 143)
  }

  @Test func setBySignal() throws {
    let flag = try InterruptFlag.installingSignalHandlers()
    defer {
      signal(SIGINT, SIG_DFL)
      signal(SIGTERM, SIG_DFL)
    }
    #expect(!flag.isSet)
    interruptThisProcess()
    waitUntilSet(flag)
    #expect(flag.exitStatus == 130)
  }

  @Test func secondSignalEndsTheProgram() async {
    await #expect(processExitsWith: .exitCode(130)) {
      let flag = try InterruptFlag.installingSignalHandlers()
      interruptThisProcess()
      waitUntilSet(flag)
      interruptThisProcess()
      while true { sched_yield() }
    }
  }
}

/// To the process and not to the calling thread, which may be one that takes no signals.
private func interruptThisProcess() { kill(getpid(), SIGINT) }

private func waitUntilSet(_ flag: InterruptFlag) {
  let start = MonotonicClock().now()
  while !flag.isSet, MonotonicClock().now() - start < 5_000_000_000 { sched_yield() }
  #expect(flag.isSet)
}
