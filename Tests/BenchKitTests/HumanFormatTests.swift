import StorageBase
import Testing

@testable import BenchKit

struct HumanFormatTests {
  @Test func bytesCountsAndRates() {
    let bytes = [0: "0 B", 1023: "1023 B", 1024: "1.00 KiB", 24_537_702: "23.4 MiB"]
    for (value, text) in bytes { #expect(formatBytes(value) == text) }
    #expect(formatBytes(.max) == "8192 PiB")
    #expect(formatBytes(-2048) == "-2.00 KiB")
    #expect(formatBytes(1_048_575) == "1.00 MiB")
    let counts = [0: "0", 999: "999", 1000: "1.00 k", 12_345: "12.3 k", 4_500_000: "4.50 M"]
    for (value, text) in counts { #expect(formatCount(value) == text) }
    #expect(formatCount(999_999) == "1.00 M")
    #expect(formatRate(0.5) == "0.50")
    #expect(formatRate(1234) == "1.23 k")
    #expect(formatRate(.nan) == "-")
    #expect(formatRate(.infinity) == "-")
  }

  @Test func durations() {
    let cases: [(Double, String)] = [
      (0, "0 s"), (850e-9, "850 ns"), (1.2e-6, "1.20 µs"), (0.035, "35.0 ms"), (2.4, "2.40 s"),
      (0.9999, "1.00 s"), (185, "3 min 05 s"), (7800, "2 h 10 min"), (119.9, "2 min 00 s"),
      (7199.9, "2 h 00 min"), (.nan, "-"), (1e300, "-"),
    ]
    for (seconds, text) in cases { #expect(formatDuration(seconds: seconds) == text) }
  }

  @Test func fixedPlaces() {
    #expect(formatFixed(-0.005, places: 2) == "-0.01")
    #expect(formatFixed(-1.25, places: 1) == "-1.3")
    #expect(formatFixed(-0.25, places: 1) == "-0.3")
    #expect(formatFixed(-0.04, places: 1) == "0.0")
    #expect(formatFixed(2, places: 3) == "2.000")
    #expect(formatFixed(1e18, places: 9) == "-")
  }

  @Test func tablesAreAligned() {
    var table = TextTable([
      .init("policy", .leading), .init("rows", unit: "1/s"), .init("note", .leading),
    ])
    table.append(["gradient", "12.3 k", "é"])
    table.append(["none", "5", ""])
    #expect(
      table.text == """
        policy      rows  note
                     1/s
        ────────  ──────  ────
        gradient  12.3 k  é
        none           5

        """)
  }

  @Test func usageGrowsWithWork() {
    let before = ProcessUsage.current()
    let threadBefore = ProcessUsage.threadCPUSeconds()
    var sum = 0.0
    while ProcessUsage.threadCPUSeconds() - threadBefore < 0.02 { sum += sum.squareRoot() + 1 }
    let after = ProcessUsage.current()
    #expect(sum > 0)
    #expect(after.cpuSeconds - before.cpuSeconds >= 0.01)
    #expect(after.currentRSSBytes > 1 << 20)
    #expect(after.peakRSSBytes > 1 << 20)
  }
}
