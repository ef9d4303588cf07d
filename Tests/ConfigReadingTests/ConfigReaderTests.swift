import StorageBase
import Testing
import Yams

@testable import ConfigReading

struct ConfigReaderTests {
  private enum Mode: String, CaseIterable { case append, upsert, replace }

  private struct Pool: Equatable {
    var name: String?
    var threads: Int?
    var share: Double?
    var isOn: Bool?
    var mode: Mode?
    var pause: Int64?
    var room: Int?
    var tags: [String]?
  }

  private struct PoolReader: ConfigReader {
    var mistakes = ConfigMistakes()

    mutating func read(_ text: String) -> Pool? {
      let known = ["name", "threads", "share", "on", "mode", "pause", "room", "tags"]
      guard let root = document(text, hint: "; give a name"),
        let keys = members(of: root, among: known)
      else { return nil }
      return Pool(
        name: self.text(keys["name"], "name"),
        threads: integer(keys["threads"], "threads", in: 1...64),
        share: number(keys["share"], "share", in: 0...1), isOn: flag(keys["on"], "on"),
        mode: choice(keys["mode"], "mode"),
        pause: duration(keys["pause"], "pause", in: 1000...3_600_000_000),
        room: byteSize(keys["room"], "room", in: 1024...(1 << 30)),
        tags: texts(keys["tags"], "tags"))
    }
  }

  @Test func valuesAreRead() {
    var reader = PoolReader()
    let pool = reader.read(
      """
      name: big
      threads: 8
      share: 0.5
      on: true
      mode: upsert
      pause: 100ms
      room: 64MiB
      tags: [a, b]
      """)
    #expect(reader.mistakes.texts == [])
    #expect(
      pool
        == Pool(
          name: "big", threads: 8, share: 0.5, isOn: true, mode: .upsert, pause: 100_000,
          room: 64 << 20, tags: ["a", "b"]))
  }

  @Test func allMistakesComeAtOnceInTheOrderOfPlaces() {
    var reader = PoolReader()
    _ = reader.read(
      """
      tags: []
      threads: 65
      {share: 2, on: perhaps, mode: upsrt, pause: 5, room: 64MB, nmae: x}
      """)
    #expect(reader.mistakes.texts.count == 1 && reader.mistakes.texts[0].hasPrefix("not YAML"))
    reader = PoolReader()
    _ = reader.read(
      """
      threads: 65
      "on": perhaps
      share: 2
      nmae: x
      mode: upsrt
      pause: 2h
      room: 64MB
      name: ""
      tags: []
      """)
    #expect(
      reader.mistakes.texts == [
        "line 1, column 10: threads is \"65\"; expected 1 to 64",
        "line 2, column 7: on is \"perhaps\"; expected true or false",
        "line 3, column 8: share is \"2\"; expected 0.0 to 1.0",
        "line 4, column 1: unknown key nmae; did you mean name?",
        "line 5, column 7: mode is \"upsrt\"; did you mean upsert?",
        "line 6, column 8: pause is \"2h\"; expected 1ms to 1h",
        "line 7, column 7: room is \"64MB\"; expected a size such as 64KiB or 256MiB",
        "line 8, column 7: name is \"\"; expected a text", "line 9, column 7: tags is empty",
      ])
    let error = reader.mistakes.error(kind: "pool", path: "p.yaml")
    #expect("\(error)".hasPrefix("pool p.yaml: 9 mistakes\n  line 1, column 10: threads"))
  }

  @Test func whatIsNoMappingIsSaid() {
    for (text, message) in [
      ("", "the file is empty; give a name"),
      ("- a", "line 1, column 1: expected keys and values, such as name: ..."),
      ("a: [", "not YAML"), ("name: a\nname: b", "not YAML"),
    ] {
      var reader = PoolReader()
      #expect(reader.read(text) == nil)
      #expect(reader.mistakes.texts.first?.hasPrefix(message) == true, "\(text)")
    }
  }

  @Test(arguments: [
    ("0", 0), ("250us", 250), ("100ms", 100_000), ("5s", 5_000_000), ("10m", 600_000_000),
    ("1h", 3_600_000_000), ("7d", 604_800_000_000), ("5", nil), ("s", nil), ("-5s", nil),
    ("5 s", nil), ("1.5s", nil), ("9223372036854775807d", nil), ("", nil),
  ])
  func durations(text: String, microseconds: Int64?) {
    #expect(ConfigUnits.duration(text) == microseconds)
    if let microseconds {
      #expect(ConfigUnits.duration(ConfigUnits.text(microseconds: microseconds)) == microseconds)
    }
  }

  @Test(arguments: [
    ("4096", 4096), ("7B", 7), ("64KiB", 65536), ("64MiB", 64 << 20), ("3GiB", 3 << 30),
    ("2TiB", 2 << 40), ("64MB", nil), ("64mib", nil), ("-1", nil),
    ("9223372036854775807KiB", nil),
  ])
  func sizes(text: String, byteCount: Int?) {
    #expect(ConfigUnits.byteSize(text) == byteCount)
    if let byteCount {
      #expect(ConfigUnits.byteSize(ConfigUnits.text(byteCount: byteCount)) == byteCount)
    }
  }
}
