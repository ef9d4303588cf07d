// swift-tools-version: 6.2
import PackageDescription

#if canImport(Glibc)
  import Glibc
#endif

/// Set by `./dev check` and CI: every compiler warning becomes an error.
let isStrict = Context.environment["SEDIMENT_STRICT"] == "1"

let settings: [SwiftSetting] = isStrict ? [.treatAllWarnings(as: .error)] : []
let cSettings: [CSetting] = isStrict ? [.treatAllWarnings(as: .error)] : []

let argumentParser: Target.Dependency = .product(
  name: "ArgumentParser", package: "swift-argument-parser")
let histogram: Target.Dependency = .product(name: "Histogram", package: "hdrhistogram-swift")
let crypto: Target.Dependency = .product(
  name: "Crypto", package: "swift-crypto", condition: .when(traits: ["Crypto"]))
let rdkafka: Target.Dependency = .target(
  name: "CRdkafka", condition: .when(traits: ["Kafka"]))

/// One library target. `needs` lists the arrows of ARCHITECTURE.md; they point down only.
func library(_ name: String, needs: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: needs, exclude: notes[name] ?? [], swiftSettings: settings)
}

/// The tests of one target, in `Tests/<target>Tests`.
func tests(
  _ name: String, needs: [Target.Dependency], resources: [Resource] = [], exclude: [String] = []
) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: needs, exclude: exclude, resources: resources,
    swiftSettings: settings)
}

/// Documents that live beside the code they describe.
let notes: [String: [String]] = [
  "InvertedIndex": ["FORMAT.md"],
  "PolicyLab": ["Traces/FORMAT.md"],
  "SegmentFormat": ["FORMAT.md"],
  "StreamDriver": ["FORMAT.md"],
  "StreamTransforms": ["Windows/FORMAT.md"],
  "TabletEngine": ["FORMAT.md"],
]

let package = Package(
  name: "sediment",
  products: [
    .executable(name: "bench", targets: ["bench"]),
    .executable(name: "bench-main", targets: ["bench-main"]),
    .executable(name: "sediment", targets: ["sediment"]),
    .executable(name: "soak", targets: ["soak"]),
    .library(name: "TabletModel", targets: ["TabletModel"]),
    // For the package of the micro-benchmarks; what is in it may change with every commit.
    .library(name: "FuzzTargets", type: .static, targets: ["FuzzTargets"]),
    .library(
      name: "SedimentCore",
      targets: [
        "CKernels", "SegmentFormat", "InvertedIndex", "QueryEngine", "IngestDriver", "BenchKit",
        "StreamTransforms",
      ]),
  ],
  traits: [
    .trait(
      name: "Kafka",
      description: "Topics of Kafka as sources of streams; needs librdkafka (./dev setup --kafka)"),
    .trait(
      name: "Crypto",
      description: "Masks that can be undone, by AES; builds swift-crypto, for about a minute"),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
    .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.1.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.0.0"),
    // Neither fetched nor built without the trait Crypto.
    .package(url: "https://github.com/apple/swift-crypto", from: "4.0.0"),
  ],
  targets: [
    .target(name: "CKernels", cSettings: cSettings),
    .systemLibrary(name: "CLZ4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"])]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CRoaring"),
    // Nothing imports it without the trait Kafka; then its header need not be there.
    .systemLibrary(name: "CRdkafka"),

    library("StorageBase", needs: ["CKernels"]),
    library("StorageIO", needs: ["StorageBase"]),
    library("ScanKernels", needs: ["StorageBase", "CKernels"]),
    library("ConfigReading", needs: ["StorageBase", "Yams"]),
    library(
      "StreamTransforms",
      needs: ["StorageBase", "ScanKernels", "ConfigReading", "Yams"]),
    library(
      "SegmentFormat",
      needs: ["StorageBase", "StorageIO", "ScanKernels", "CKernels", "CLZ4", "CZstd"]),
    library(
      "InvertedIndex",
      needs: ["StorageBase", "StorageIO", "ScanKernels", "CKernels", "CRoaring"]),
    library("TabletModel", needs: ["StorageBase"]),
    library("CompactionPolicies", needs: ["StorageBase", "TabletModel"]),
    library(
      "TabletEngine",
      needs: [
        "StorageBase", "StorageIO", "ScanKernels", "SegmentFormat", "InvertedIndex",
        "TabletModel", "CompactionPolicies", "CKernels",
      ]),
    library(
      "QueryEngine",
      needs: [
        "StorageBase", "StorageIO", "ScanKernels", "SegmentFormat", "InvertedIndex",
        "TabletEngine",
      ]),
    library(
      "IngestDriver",
      needs: [
        "StorageBase", "StorageIO", "ScanKernels", "SegmentFormat", "InvertedIndex",
        "TabletEngine", "ConfigReading", "Yams",
      ]),
    library(
      "StreamDriver",
      needs: [
        "StorageBase", "StorageIO", "ScanKernels", "SegmentFormat", "InvertedIndex",
        "TabletModel", "CompactionPolicies", "TabletEngine", "QueryEngine", "IngestDriver",
        "ConfigReading", "StreamTransforms", "Yams", "CLZ4", "CZstd", "CZlib", rdkafka, crypto,
      ]),
    library("WorkloadGroups", needs: ["StorageBase"]),
    library("PolicyLab", needs: ["StorageBase", "TabletModel", "CompactionPolicies"]),
    library("BenchKit", needs: ["StorageBase", histogram]),
    library(
      "Studies",
      needs: [
        "StorageBase", "TabletModel", "CompactionPolicies", "PolicyLab", "BenchKit",
        "ConfigReading", "Yams",
      ]),

    library(
      "FuzzTargets",
      needs: [
        "StorageBase", "StorageIO", "ScanKernels", "SegmentFormat", "InvertedIndex",
        "TabletModel", "CompactionPolicies", "PolicyLab", "TabletEngine", "IngestDriver",
        "StreamDriver", "StreamTransforms",
      ]),

    library(
      "EngineSimulation",
      needs: [
        "StorageBase", "StorageIO", "ScanKernels", "SegmentFormat", "InvertedIndex",
        "TabletModel", "CompactionPolicies", "TabletEngine", "QueryEngine", "StreamDriver",
        "StreamTransforms",
      ]),

    .executableTarget(name: "bench", swiftSettings: settings),
    .executableTarget(
      name: "bench-main",
      dependencies: [
        "CKernels", "StorageBase", "StorageIO", "ScanKernels", "SegmentFormat", "InvertedIndex",
        "TabletModel", "CompactionPolicies", "TabletEngine", "QueryEngine", "IngestDriver",
        "PolicyLab", "BenchKit", "Studies", "StreamDriver", argumentParser,
        "WorkloadGroups",
      ],
      swiftSettings: settings),
    .executableTarget(
      name: "crash-writer",
      dependencies: [
        "StorageBase", "StorageIO", "ScanKernels", "TabletModel", "CompactionPolicies",
        "TabletEngine",
      ],
      swiftSettings: settings),
    .executableTarget(
      name: "sediment",
      dependencies: [
        "StorageBase", "StorageIO", "ScanKernels", "SegmentFormat", "InvertedIndex",
        "TabletModel", "CompactionPolicies", "TabletEngine", "QueryEngine", "IngestDriver",
        "StreamDriver", "StreamTransforms", argumentParser, "BenchKit",
      ],
      swiftSettings: settings),

    .executableTarget(
      name: "soak",
      dependencies: ["StorageBase", "StorageIO", "EngineSimulation", argumentParser],
      swiftSettings: settings),

    // A policy as somebody else writes it: it needs TabletModel alone.
    .target(
      name: "StrangersPolicy", dependencies: ["TabletModel"], path: "Tests/StrangersPolicy",
      swiftSettings: settings),
    tests("StorageBase", needs: ["StorageBase"]),
    tests("StorageIO", needs: ["StorageBase", "StorageIO"]),
    tests("ConfigReading", needs: ["StorageBase", "ConfigReading", "Yams"]),
    tests(
      "StreamTransforms",
      needs: ["StorageBase", "ScanKernels", "ConfigReading", "StreamTransforms", "Yams"]),
    tests("ScanKernels", needs: ["StorageBase", "ScanKernels", "CKernels"]),
    tests(
      "SegmentFormat", needs: ["StorageBase", "StorageIO", "ScanKernels", "SegmentFormat"],
      resources: [.copy("Fixtures")]),
    tests(
      "InvertedIndex", needs: ["StorageBase", "StorageIO", "ScanKernels", "InvertedIndex"],
      resources: [.copy("Fixtures")]),
    tests("TabletModel", needs: ["StorageBase", "TabletModel"]),
    tests(
      "CompactionPolicies",
      needs: ["StorageBase", "TabletModel", "CompactionPolicies", "PolicyLab"],
      resources: [.copy("TestData")]),
    tests("PolicyLab", needs: ["StorageBase", "TabletModel", "CompactionPolicies", "PolicyLab"]),
    tests(
      "BenchKit",
      // The results files are read back by the reader of input files.
      needs: ["StorageBase", "StorageIO", "ScanKernels", "IngestDriver", "BenchKit"]),
    tests(
      "Studies",
      needs: [
        "StorageBase", "TabletModel", "CompactionPolicies", "PolicyLab", "BenchKit", "Studies",
        "bench-main",
      ]),
    tests(
      "bench-main",
      needs: [
        "StorageBase", "StorageIO", "TabletModel", "CompactionPolicies", "TabletEngine",
        "PolicyLab", "IngestDriver", "bench-main", "StrangersPolicy", "WorkloadGroups",
        "QueryEngine",
      ]),
    tests(
      "IngestDriver",
      needs: [
        "StorageBase", "StorageIO", "ScanKernels", "SegmentFormat", "InvertedIndex",
        "IngestDriver",
      ]),
    tests(
      "StreamDriver",
      needs: [
        "StorageBase", "StorageIO", "ScanKernels", "SegmentFormat", "InvertedIndex",
        "TabletModel", "CompactionPolicies", "TabletEngine", "QueryEngine", "IngestDriver",
        "StreamDriver", "StreamTransforms", "EngineSimulation", rdkafka,
      ], exclude: ["Fixtures"]),
    tests(
      "TabletEngine",
      needs: [
        "StorageBase", "StorageIO", "ScanKernels", "SegmentFormat", "InvertedIndex",
        "TabletModel", "CompactionPolicies", "TabletEngine", "QueryEngine", "IngestDriver",
        "EngineSimulation", "sediment", "crash-writer", "CKernels",
      ], exclude: ["Fixtures"]),
    tests(
      "QueryEngine",
      needs: [
        "StorageBase", "StorageIO", "ScanKernels", "SegmentFormat", "InvertedIndex",
        "TabletModel", "CompactionPolicies", "TabletEngine", "QueryEngine",
      ], exclude: ["Fixtures"]),
    tests(
      "FuzzTargets", needs: ["StorageBase", "FuzzTargets"], resources: [.copy("Corpus")]),
    tests("WorkloadGroups", needs: ["StorageBase", "WorkloadGroups"]),
    tests("Tidy", needs: []),
  ],
  swiftLanguageModes: [.v6]
)

// Without the headers of the system libraries every importing file would fail with a page of
// errors. Then what needs them is left out, and the program that most people build is replaced by
// one line that says so and fails; the policies and their simulator still build. Set
// SEDIMENT_LIBRARIES=elsewhere when only the compiler knows where the headers are (`-Xcc -I…`).
#if os(Linux) && canImport(Glibc)
  func list(_ variable: String) -> [String] {
    (Context.environment[variable] ?? "").split(separator: ":").map(String.init)
  }

  let headerFolders =
    list("CPATH") + list("C_INCLUDE_PATH") + list("PKG_CONFIG_PATH").map { "\($0)/../../include" }
    + ["/usr/local/include", "/usr/include"]
  let hasLibraries = ["lz4.h", "zstd.h", "zlib.h", "roaring/roaring.h"].allSatisfy { header in
    headerFolders.contains { folder in access("\(folder)/\(header)", R_OK) == 0 }
  }
  if !hasLibraries && Context.environment["SEDIMENT_LIBRARIES"] != "elsewhere" {
    let pure = [
      "CKernels", "StorageBase", "TabletModel", "CompactionPolicies", "PolicyLab", "bench",
    ]
    package.targets.removeAll { !pure.contains($0.name) }
    let standIn = "bench-main"
    package.targets.append(.executableTarget(name: standIn, path: "Sources/MissingLibraries"))
    package.products.removeAll { !["TabletModel", "bench", standIn].contains($0.name) }
    package.dependencies = []
  }
#endif
