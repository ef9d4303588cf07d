import StorageBase
import TabletModel
import Testing

@Suite struct TrafficMeterTests {
  private let start = Timestamp(rawValue: 1_000_000)

  private func time(_ seconds: Double) -> Timestamp { start.advanced(bySeconds: seconds) }

  @Test func evenTrafficHasItsRatesFromTheBeginning() {
    var meter = TrafficMeter(memorySeconds: 10, at: start)
    #expect(meter.traffic(at: start).loadsPerSecond == 0)
    for step in 1...2000 {
      let now = time(Double(step) / 20)
      meter.noteQueries(5, until: now)
      meter.noteLoad(byteCount: step.isMultiple(of: 2) ? 100 : 300, at: now)
      guard step > 20 else { continue }
      let traffic = meter.traffic(at: now)
      #expect(abs(traffic.loadsPerSecond - 20) < 1)
      #expect(abs(traffic.bytesPerLoad - 200) < 11)
      #expect(abs(traffic.queriesPerSecond - 100) < 1e-6)
    }
  }

  @Test func whatIsLongAgoIsForgotten() {
    var meter = TrafficMeter(memorySeconds: 10, at: start)
    meter.noteQueries(1000, until: time(10))
    let early = meter.traffic(at: time(10)).queriesPerSecond
    #expect(abs(early - 100) < 1e-9)
    // Twice the memory later the weight of those seconds is (e⁻² - e⁻³) of 1 - e⁻³.
    let later = meter.traffic(at: time(30)).queriesPerSecond
    #expect(abs(later - 100 * (0.135_335 - 0.049_787) / (1 - 0.049_787)) < 1e-3)
  }

  @Test func aClockSetBackStandsStill() {
    var meter = TrafficMeter(at: start)
    meter.noteLoad(byteCount: 10, at: time(5))
    let before = meter.traffic(at: time(5))
    meter.noteQueries(0, until: time(1))
    #expect(meter.traffic(at: time(2)) == before)
  }
}
