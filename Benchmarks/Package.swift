// swift-tools-version: 6.1
import PackageDescription

/// The micro-benchmarks, in a package of their own: whoever uses Sediment does not resolve what
/// they need.
let engine = Target.Dependency.product(name: "SedimentCore", package: "sediment")

let package = Package(
  name: "sediment-benchmarks",
  dependencies: [
    .package(name: "sediment", path: ".."),
    // Without its traits, which count allocations in ways that need libraries of their own.
    .package(url: "https://github.com/ordo-one/benchmark", from: "1.29.0", traits: []),
  ],
  targets: [
    .target(name: "CMeasure"),
    .target(name: "CCallCounter"),
    .target(name: "MicroSuite", dependencies: [engine, "CMeasure"]),
    .executableTarget(name: "microbench", dependencies: [engine, "MicroSuite"]),
    .executableTarget(
      name: "allocations", dependencies: [engine, "MicroSuite", "CCallCounter"]),
    // The plug-in wants a folder directly below one named Benchmarks.
    .executableTarget(
      name: "Regressions",
      dependencies: ["MicroSuite", .product(name: "Benchmark", package: "benchmark")],
      path: "Regressions",
      plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]),
  ],
  swiftLanguageModes: [.v6]
)
