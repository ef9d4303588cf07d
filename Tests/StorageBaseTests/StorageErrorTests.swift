import StorageBase
import Testing

struct StorageErrorTests {
  /// Each message has the place, the figure, the limit and, where there is one, the remedy.
  @Test func messagesSayWhatWhereAndWhatToDo() {
    for (error, parts) in [
      (
        .io(operation: "write", path: "/d/log", code: 5, message: "Input/output error"),
        ["write", "/d/log", "Input/output error", "5"]
      ),
      (.noSpace(operation: "write", path: "/d/log"), ["/d/log", "no space", "free some"]),
      (
        .corrupt(file: "a.seg", offset: 77, what: "page", expected: "4", found: "9"),
        ["a.seg", "77", "page", "expected 4", "found 9"]
      ),
      (
        .unsupportedFormat(file: "a.seg", found: "3", supported: "1...2"),
        ["a.seg", "3", "1...2", "newer"]
      ),
      (.notAStore(path: "/d", reason: "no log"), ["/d", "no log"]),
      (.storeLocked(path: "/d", holder: "process 12"), ["/d", "process 12", "stop it"]),
      (
        .tooManyVersions(
          table: "orders", tablet: TabletID(rawValue: 8), count: 2000, limit: 1999),
        ["orders", "8", "2000", "1999", "compaction", "load less often"]
      ),
      (.invalidSchema(reason: "no columns"), ["schema", "no columns"]),
      (
        .schemaMismatch(table: "t", column: "c", expected: "int8", found: "300"),
        ["t", "c", "int8", "300"]
      ),
      (
        .unknownName(kind: "policy", name: "gradien", known: ["full", "gradient"]),
        ["policy", "gradien", "did you mean gradient", "full, gradient"]
      ),
      (.unknownName(kind: "table", name: "t", known: []), ["unknown table \"t\""]),
      (.alreadyExists(kind: "table", name: "t"), ["table t", "exists already"]),
      (
        .invalidArgument(name: "--seconds", value: "-1", reason: "must be positive"),
        ["--seconds", "-1", "must be positive"]
      ),
      (
        .limitExceeded(what: "the record", value: 9, limit: 8, remedy: "send less"),
        ["the record", "9", "8", "send less"]
      ),
      (.storeFailed(path: "/d", cause: "no space"), ["/d", "no space", "reopen"]),
    ] as [(StorageError, [String])] {
      let message = error.description
      for part in parts { #expect(message.contains(part), "\(message)") }
      #expect(!message.contains("\n"))
    }
  }

  /// A known list of two hundred names must not be the only thing a person sees.
  @Test func unknownNameReadsAsSentences() {
    let error = StorageError.unknownName(kind: "policy", name: "zzzzzz", known: ["full", "none"])
    #expect(error.description == "unknown policy \"zzzzzz\". Known: full, none")
    let near = StorageError.unknownName(kind: "policy", name: "ful", known: ["full", "none"])
    #expect(
      near.description == "unknown policy \"ful\": did you mean full? Known: full, none")
  }
}
