import Testing

@testable import BenchKit

@Suite struct ProgressBarTests {
  @Test func theBarGrowsAndTellsHowLong() {
    let bar = ProgressBar(total: 200)
    #expect(bar.line(done: 0, seconds: 3, text: "x") == "[------------------------]   0 %  x")
    #expect(
      bar.line(done: 50, seconds: 10, text: "x")
        == "[######------------------]  25 %  x, 30.0 s left")
    // Never a hundred before the end.
    #expect(bar.line(done: 199.9, seconds: 10, text: "x").contains(" 99 %"))
    #expect(bar.line(done: 200, seconds: 10, text: "x").contains("100 %"))
  }

  @Test func whatWasDoneBeforeSaysNothingAboutTheSpeed() {
    let bar = ProgressBar(total: 100, before: 60)
    #expect(bar.secondsLeft(done: 60, seconds: 5) == nil)
    #expect(bar.secondsLeft(done: 70, seconds: 5) == 15)
    #expect(ProgressBar(total: 0).line(done: 0, seconds: 0, text: "").contains("100 %"))
  }
}
