import StorageBase

/// Everything needed to repeat a run, and to judge whether two runs can be compared: the content
/// of `run.json`.
public struct RunRecord: Sendable {
  public var runID: String
  public var startedAt: Timestamp
  public var seed: UInt64
  /// The merged configuration (defaults, file, command line), in a stable order.
  public var configuration: JSONValue
  /// The level of the vector kernels in use, such as `avx512`.
  public var simdLevel: String
  public var environment: RunEnvironment

  public init(
    runID: String, startedAt: Timestamp, seed: UInt64, configuration: JSONValue,
    simdLevel: String, environment: RunEnvironment
  ) {
    self.runID = runID
    self.startedAt = startedAt
    self.seed = seed
    self.configuration = configuration
    self.simdLevel = simdLevel
    self.environment = environment
  }

  public var json: JSONValue {
    [
      "schema_version": .integer(SummaryRow.schemaVersion),
      "run_id": .string(runID),
      "start_time": .string(formatDatetime(startedAt.rawValue) + " UTC"),
      // A string: JSON readers keep 53 bits of a number, seeds have 64.
      "seed": .string(String(seed)),
      "configuration": configuration,
      "program": [
        "git_rev": .optional(environment.git?.revision),
        "git_dirty": environment.git.map { .bool($0.isDirty) } ?? .null,
        "compiler": .string(RunEnvironment.compiler),
        "build_configuration": .string(RunEnvironment.buildConfiguration),
        "simd_level": .string(simdLevel),
      ],
      "machine": [
        "cpu_model": .optional(environment.cpuModel),
        "cores": .integer(environment.coreCount),
        "memory_bytes": .optional(environment.memoryBytes),
        "file_system": .optional(environment.fileSystem),
        "kernel": .optional(environment.kernel),
        "architecture": .optional(environment.architecture),
      ],
    ]
  }
}
