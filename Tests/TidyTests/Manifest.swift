/// The targets of `Package.swift` and what each depends on, read from its text. The manifest keeps
/// to a few forms; a test holds that every folder of `Sources` is found in it.
struct Manifest {
  let dependencies: [String: Set<String>]

  init(_ text: String) {
    let forms: [Regex<(Substring, Substring, Substring?)>] = [
      /library\(\s*"([\w-]+)",\s*needs:(?:\s*\[([^\]]*)\])?/,
      /executableTarget\(\s*name:\s*"([\w-]+)",(?:\s*dependencies:\s*\[([^\]]*)\])?/,
      /[\s(]\.target\(\s*name:\s*"([\w-]+)"(?:,\s*dependencies:\s*\[([^\]]*)\])?/,
      /systemLibrary\(\s*name:\s*"([\w-]+)"()?/,
    ]
    var dependencies: [String: Set<String>] = [:]
    for form in forms {
      for match in text.matches(of: form) {
        let names = (match.2 ?? "").matches(of: /"([\w-]+)"|(\w+)/).map { word in
          // Products are named by constants at the head of the manifest.
          word.1.map(String.init) ?? Self.products[String(word.2 ?? "")] ?? "unknown product"
        }
        dependencies[String(match.1)] = Set(names)
      }
    }
    self.dependencies = dependencies
  }

  /// The constants of the manifest and the modules they stand for: products, and what only a trait
  /// needs.
  static let products = [
    "argumentParser": "ArgumentParser", "histogram": "Histogram", "rdkafka": "CRdkafka",
    "crypto": "Crypto",
  ]

  /// What a target reaches, directly or not.
  func reach(of target: String) -> Set<String> {
    var reached: Set<String> = []
    var open = [target]
    while let next = open.popLast() {
      for name in dependencies[next] ?? [] where reached.insert(name).inserted {
        open.append(name)
      }
    }
    return reached
  }
}
