import StorageBase
import Testing

struct NearestNameTests {
  @Test(arguments: [
    ("gradien", "gradient"), ("Gradient", "gradient"), ("num_based", "num-based"),
    ("tierd", "tiered"), ("levelled", "leveled"), ("gradietn", "gradient"),
  ])
  func slipsAreRecognised(typed: String, meant: String) {
    let names = ["gradient", "num-based", "tiered", "leveled", "universal", "none"]
    #expect(nearestName(to: typed, in: names) == meant)
  }

  @Test func otherWordsAreNot() {
    #expect(nearestName(to: "rocksdb", in: ["gradient", "universal"]) == nil)
    #expect(nearestName(to: "gradient", in: []) == nil)
    #expect(nearestName(to: "", in: ["gradient"]) == nil)
  }

  @Test func exactNameWins() {
    let names = ["abd", "abc", "abcd"]
    for name in names { #expect(nearestName(to: name, in: names) == name) }
  }
}
