import StorageBase
import Testing

@Suite struct TimestampTests {
  @Test func timeMovesByMicroseconds() {
    let start = Timestamp(rawValue: 5)
    #expect(start.advanced(bySeconds: 1.5).rawValue == 1_500_005)
    #expect(start.advanced(bySeconds: -0.000_002).rawValue == 3)
    #expect(start.advanced(bySeconds: 2.25).seconds(since: start) == 2.25)
  }

  /// A policy that has nothing to wait for may say so by any number.
  @Test(arguments: [1e13, 1e300, .infinity]) func neverIsFarAwayAndLaterStill(seconds: Double) {
    let now = Timestamp(rawValue: 1_800_000_000_000_000)
    let never = now.advanced(bySeconds: seconds)
    #expect(never.seconds(since: now) > 1e12)
    #expect(never.advanced(bySeconds: 1) > never)
    #expect(now.advanced(bySeconds: -seconds) < now)
  }
}
