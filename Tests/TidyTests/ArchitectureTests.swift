import Testing

/// The arrows between targets: a pure core that decides, a thin shell that acts.
struct ArchitectureTests {
  private let repository = Repository.shared
  private let manifest = Manifest(Repository.shared.file("Package.swift")?.text ?? "")

  /// Foundations, and what any storage code may use.
  private static let base: Set = ["CKernels", "StorageBase"]
  private static let segments: Set = [
    "StorageIO", "ScanKernels", "SegmentFormat", "InvertedIndex", "CLZ4", "CZstd", "CRoaring",
  ]
  private static let decisions: Set = ["TabletModel", "CompactionPolicies"]

  /// What a target may depend on: the picture of ARCHITECTURE.md. A new arrow is argued for there
  /// first.
  private static let allowed: [String: Set<String>] = [
    "CKernels": [], "CLZ4": [], "CZstd": [], "CZlib": [], "CRoaring": [], "bench": [],
    "CRdkafka": [],
    "StorageBase": ["CKernels"],
    "StorageIO": ["StorageBase"],
    "ScanKernels": base,
    "ConfigReading": ["StorageBase", "Yams"],
    "StreamTransforms": base.union(["ScanKernels", "ConfigReading", "Yams"]),
    "SegmentFormat": base.union(["StorageIO", "ScanKernels", "CLZ4", "CZstd"]),
    "InvertedIndex": base.union(["StorageIO", "ScanKernels", "CRoaring"]),
    "TabletModel": ["StorageBase"],
    "StrangersPolicy": ["TabletModel"],
    "CompactionPolicies": ["StorageBase", "TabletModel"],
    "TabletEngine": base.union(segments).union(decisions),
    "QueryEngine": base.union(segments).union(decisions).union(["TabletEngine"]),
    "IngestDriver": base.union(segments).union([
      "TabletEngine", "QueryEngine", "ConfigReading", "Yams",
    ]),
    "StreamDriver": base.union(segments).union(decisions).union([
      "TabletEngine", "QueryEngine", "IngestDriver", "ConfigReading", "StreamTransforms", "Yams",
      "CZlib", "CRdkafka", "Crypto",
    ]),
    "PolicyLab": ["StorageBase", "TabletModel", "CompactionPolicies"],
    "WorkloadGroups": ["StorageBase"],
    "BenchKit": ["StorageBase", "Histogram"],
    "Studies": decisions.union([
      "StorageBase", "PolicyLab", "BenchKit", "ConfigReading", "Yams",
    ]),
    "FuzzTargets": base.union(segments).union(decisions).union([
      "PolicyLab", "TabletEngine", "IngestDriver", "StreamDriver", "StreamTransforms",
    ]),
    "crash-writer": base.union(decisions).union(["StorageIO", "ScanKernels", "TabletEngine"]),
    "EngineSimulation": base.union(segments).union(decisions).union([
      "TabletEngine", "QueryEngine", "StreamDriver", "StreamTransforms",
    ]),
    "soak": ["StorageBase", "StorageIO", "EngineSimulation", "ArgumentParser"],
    "bench-main": base.union(segments).union(decisions).union([
      "TabletEngine", "QueryEngine", "IngestDriver", "PolicyLab", "BenchKit", "Studies",
      "StreamDriver", "WorkloadGroups", "ArgumentParser", "Yams",
    ]),
  ]

  /// May use anything but the benchmark programs.
  private static let unrestricted = "sediment"

  @Test func manifestIsUnderstood() {
    let targets = Set(manifest.dependencies.keys)
    // The stand-in for programs that lack system headers is no part of the architecture.
    let folders = repository.targetFolders.subtracting(["MissingLibraries"])
    #expect(folders.subtracting(targets).isEmpty, "folders that are no target")
    // One target lies among the tests, whose policy it holds.
    #expect(targets.subtracting(folders) == ["StrangersPolicy"], "targets without a folder")
    #expect(manifest.dependencies["StorageBase"] == ["CKernels"])
    #expect(manifest.reach(of: "TabletEngine").contains("CKernels"))
  }

  @Test func arrowsPointDown() {
    for (target, dependencies) in manifest.dependencies where target != Self.unrestricted {
      guard let allowed = Self.allowed[target] else {
        Issue.record("target \(target) is not in the table of allowed arrows")
        continue
      }
      let extra = dependencies.subtracting(allowed).sorted()
      #expect(extra.isEmpty, "\(target) may not depend on \(extra)")
    }
  }

  @Test(arguments: [
    "TabletModel", "CompactionPolicies", "PolicyLab", "ScanKernels", "StreamTransforms",
    "WorkloadGroups",
  ])
  func pureTargetsCannotReachTheOperatingSystem(target: String) {
    let reached = manifest.reach(of: target)
    #expect(!reached.contains("StorageIO"))
    #expect(manifest.dependencies[target] != nil)
  }

  @Test func noCycles() {
    for target in manifest.dependencies.keys {
      #expect(!manifest.reach(of: target).contains(target), "\(target) depends on itself")
    }
  }

  /// Modules of the toolchain, and who may use them besides the executables. Foundation is large,
  /// and Glibc is the operating system: the core takes time, chance and files as parameters.
  private static let system: [String: Set<String>?] = [
    "Swift": nil, "Synchronization": nil,
    "Glibc": [
      "StorageIO", "BenchKit", "IngestDriver", "ScanKernels", "SegmentFormat", "FuzzTargets",
    ],
    "Foundation": ["BenchKit", "IngestDriver"],
    "FoundationEssentials": ["BenchKit", "IngestDriver"],
  ]

  @Test func sourcesImportWhatTheManifestSays() {
    let statement =
      /^\s*(?:@\S+\s+)*(?:\w+\s+)?import\s+(?:(?:struct|class|enum|func|protocol)\s+)?(\w+)/
    let executables: Set = ["bench", "bench-main", "crash-writer", "sediment", "soak"]
    for file in repository.files where file.isSwift {
      guard let target = file.target else { continue }
      for line in file.code.lines {
        guard let match = line.firstMatch(of: statement) else { continue }
        let module = String(match.1)
        if let users = Self.system[module] {
          let isUser = users.map { $0.contains(target) || executables.contains(target) } ?? true
          #expect(isUser, "\(file.path) imports \(module)")
        } else {
          let isDeclared = manifest.dependencies[target]?.contains(module) ?? false
          #expect(isDeclared, "\(file.path) imports \(module), which the manifest does not say")
        }
      }
    }
  }

  @Test func everyTargetIsDescribed() {
    guard let page = repository.file("ARCHITECTURE.md") else { return }
    for target in manifest.dependencies.keys.sorted() {
      #expect(page.text.contains("`\(target)`"), "ARCHITECTURE.md does not name \(target)")
    }
  }

  /// The verbs that `dev` understands and the ones its help explains are the same.
  @Test func everyVerbIsExplained() throws {
    let script = try #require(repository.file("dev")).text
    let help = try #require(script.firstMatch(of: /HELP'\n([\s\S]*?)\nHELP\n/)).1
    let verbs = script.matches(of: /\n  (\w+)(?: \| [^)]*)?\) \w+(?: "\$@")? ;;/).map { $0.1 }
    #expect(verbs.count >= 7)
    for verb in verbs { #expect(help.contains("\n  \(verb) "), "help does not explain \(verb)") }
  }
}
