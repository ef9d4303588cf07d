// swift-tools-version: 6.1
import PackageDescription

/// The micro-benchmarks, in a package of their own: whoever uses Sediment does not resolve what
/// they need.
let engine = Target.Dependency.product(name: "SedimentCore", package: "sediment")

/// Set by `./dev`, whose programs need nothing but the engine: what keeps baselines is then neither
/// resolved nor built, which takes longer than they do.
let hasBaselines = Context.environment["SEDIMENT_BASELINES"] != "no"

let package = Package(
  name: "sediment-benchmarks",
  dependencies: [.package(name: "sediment", path: "..")],
  targets: [
    .target(name: "CMeasure"),
    .target(name: "CCallCounter"),
    .target(name: "MicroSuite", dependencies: [engine, "CMeasure"]),
    .executableTarget(name: "microbench", dependencies: [engine, "MicroSuite"]),
    .executableTarget(
      name: "allocations", dependencies: [engine, "MicroSuite", "CCallCounter"]),
  ],
  swiftLanguageModes: [.v6]
)

if hasBaselines {
  package.dependencies.append(
    // Without its traits, which count allocations in ways that need libraries of their own.
    .package(url: "https://github.com/ordo-one/benchmark", from: "1.29.0", traits: []))
  package.targets.append(
    // The plug-in wants a folder directly below one named Benchmarks.
    .executableTarget(
      name: "Regressions",
      dependencies: ["MicroSuite", .product(name: "Benchmark", package: "benchmark")],
      path: "Regressions",
      plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]))
}
