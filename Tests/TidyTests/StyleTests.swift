import Testing

/// House rules that a program can check.
struct StyleTests {
  private let repository = Repository.shared

  /// A kind of code that is not wanted, and where it is allowed all the same.
  private struct Ban {
    let pattern: Regex<Substring>
    let reason: String
    /// Targets that may.
    var exempt: Set<String> = []
  }

  private static let executables: Set = [
    "bench", "bench-main", "crash-writer", "sediment", "soak",
  ]

  private static var bans: [Ban] {
    [
      Ban(pattern: /\bDate\(\)/, reason: "time comes in as a TimeSource"),
      Ban(
        pattern: /\b(?:Continuous|Suspending)Clock\b/, reason: "time comes in as a parameter"),
      Ban(
        pattern: /\bSystemRandomNumberGenerator\b/, reason: "chance comes in as a SeededGenerator"),
      Ban(
        pattern: /\.(?:shuffled|shuffle|randomElement)\(\)/,
        reason: "chance comes in as a SeededGenerator"),
      Ban(
        pattern: /\.random\(in:(?!.*using:)/, reason: "chance comes in as a SeededGenerator"),
      Ban(
        pattern: /\bFileManager\b/, reason: "files are reached through a FileSystem",
        exempt: ["StorageIO", "BenchKit"]),
      Ban(
        pattern: /\b(?:pthread_create|Thread\(|Task\.detached|Task\s*\{)/,
        reason: "the core has no threads of its own", exempt: executables.union(["StorageIO"])),
      Ban(
        pattern: /(?:^|[^\w.])print\(/, reason: "libraries do not print",
        exempt: executables),
      Ban(pattern: /\btry!/, reason: "errors are thrown"),
      Ban(pattern: /\btry\?/, reason: "errors are handled"),
      Ban(pattern: /\bfatalError\(/, reason: "operating errors are thrown, others precondition"),
      Ban(pattern: /\bunsafeFlags\b/, reason: "a package with them cannot be depended upon"),
    ]
  }

  @Test func bannedCallsAreAbsent() {
    let bans = Self.bans
    for file in repository.files where file.isSwift && file.path.hasPrefix("Sources/") {
      for (index, line) in file.code.lines.enumerated() {
        for ban in bans where !ban.exempt.contains(file.target ?? "") {
          let found = line.firstMatch(of: ban.pattern).map { String($0.0) }
          #expect(found == nil, "\(file.path):\(index + 1): \(ban.reason)")
        }
      }
    }
  }

  /// Work that is left, and paths of one machine, belong in nobody's repository.
  @Test func textIsFitToPublish() {
    let marks = /\b(?:TODO|FIXME|XXX|HACK)\b/
    let paths = /(?:^|[\s"'`(=])\/(?:home|root|work|Users)\/\w+/
    for file in repository.files where !file.path.hasPrefix("Tests/TidyTests/") {
      for (index, line) in file.lines.enumerated() {
        #expect(line.firstMatch(of: marks) == nil, "\(file.path):\(index + 1): \(line)")
        #expect(line.firstMatch(of: paths) == nil, "\(file.path):\(index + 1): \(line)")
      }
    }
  }

  private static let fileLineCountMax = 600
  private static let functionLineCountMax = 70
  private static let lineColumnCountMax = 100

  /// Functions that may be longer, with their present length: a ratchet that only goes down.
  private static let longFunctions: [String: Int] = [:]

  @Test func filesAndLinesAreShort() {
    for file in repository.files where !file.path.hasSuffix(".md") {
      // A file that ends in a newline has an empty piece behind it.
      let lineCount = file.lines.count - 1
      #expect(lineCount <= Self.fileLineCountMax, "\(file.path) has \(lineCount) lines")
      for (index, line) in file.lines.enumerated() where !line.contains("https://") {
        #expect(
          line.count <= Self.lineColumnCountMax, "\(file.path):\(index + 1) is \(line.count) wide")
      }
    }
  }

  @Test func functionsAreShort() {
    var unused = Set(Self.longFunctions.keys)
    for file in repository.files where file.isSwift {
      for function in file.code.functions {
        let name = "\(file.path) \(function.name)"
        let limit = Self.longFunctions[name] ?? Self.functionLineCountMax
        unused.remove(name)
        #expect(
          function.lineCount <= limit,
          "\(file.path):\(function.line): \(function.name) has \(function.lineCount) lines")
      }
    }
    #expect(unused.isEmpty, "functions that are gone")
  }

  @Test func filesEndInOneNewline() {
    for file in repository.files where !file.text.isEmpty {
      let isTidy = file.text.hasSuffix("\n") && !file.text.hasSuffix("\n\n")
      #expect(isTidy, "\(file.path)")
    }
  }
}

/// The reader of Swift code that the rules rest on.
struct SwiftCodeTests {
  @Test func commentsAndStringsAreLeftOut() {
    let code = SwiftCode(
      #"""
      let a = "print(1) \(b("x)")) \" //" + c // print(2)
      /* try!
      try! */ let d = """
        fatalError( "quoted"
        """ + e
      """#)
    #expect(code.lines == [#"let a = "" + c "#, "", #" let d = """#, "", " + e"])
  }

  @Test func functionsAreMeasured() {
    let code = SwiftCode(
      """
      protocol P {
        func required(_ a: Int) -> Int
        init()
      }
      struct S {
        func one() -> Int { 1 }
        init(
          a: Int
        ) {
          func inner() {
            a()
          }
          inner()
        }
      }
      """)
    #expect(code.functions.map(\.name) == ["one", "init", "inner"])
    #expect(code.functions.map(\.line) == [6, 7, 10])
    #expect(code.functions.map(\.lineCount) == [1, 8, 3])
  }
}
