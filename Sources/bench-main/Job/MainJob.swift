import BenchKit
import CompactionPolicies
import Glibc
import StorageBase
import StorageIO
import TabletEngine
import TabletModel

/// The main job: writers, readers and compaction on one table at the same time, measured.
///
/// Loads, queries and each kind of compaction run on threads of their own, so that none can
/// starve another; the calling thread samples and shows progress.
final class MainJob {
  private let settings: JobSettings
  private let policy: ConfiguredPolicy
  private let workload: Workload
  private let interrupt: InterruptFlag
  private let clock = MonotonicClock()
  /// How long compaction may take after the last load.
  private static let quiesceSeconds = 120.0
  private static let intervalNanoseconds: UInt64 = 1_000_000_000

  /// - Throws: `StorageError` for a policy, workload or input that does not exist.
  init(_ settings: JobSettings, interrupt: InterruptFlag) throws {
    self.settings = settings
    self.interrupt = interrupt
    policy = try PolicyCatalogue.shipped.policy(settings.policySpec)
    workload = try Workload(settings)
  }

  /// Runs to the end, or to an interrupt; the CSV files are complete either way.
  func run() throws -> JobReport {
    ProcessUsage.resetPeak()
    let started = SystemClock().now()
    // Only for names: runs of the same moment and seed must not meet in one folder.
    var suffix = SeededGenerator(seed: UInt64(started.rawValue))
    let folder = try RunFolder(
      parent: settings.outDirectory,
      runID: RunFolder.makeRunID(startedAt: started, policy: policy.name, using: &suffix))
    let data = try DataDirectory(settings.dataDirectory, runID: folder.runID)
    defer { data.removeIfTemporary() }
    try folder.write(
      RunRecord(
        runID: folder.runID, startedAt: started, seed: settings.seed,
        configuration: settings.json, simdLevel: Workload.simdLevel,
        environment: RunEnvironment.capture(dataPath: data.existingPath, sourcePath: sourceRoot)))
    let run = try JobRun(
      settings: settings, policy: policy, workload: workload, data: data.path, folder: folder)
    return try measure(run, folder: folder)
  }

  private func measure(_ run: JobRun, folder: RunFolder) throws -> JobReport {
    let progress = ProgressReporter(clock: SystemClock())
    let sampler = Sampler(run: run, folder: folder)
    try run.start()
    while run.isLoading && !interrupt.isSet {
      try pauseAndSample(sampler, progress)
    }
    run.stopClients()
    sampler.markLoadEnd()
    let deadline = clock.now() + UInt64(Self.quiesceSeconds * 1e9)
    while !run.scheduler.isQuiescent && !interrupt.isSet && clock.now() < deadline {
      try pauseAndSample(sampler, progress)
    }
    try run.stopCompaction(cancelRunning: interrupt.isSet)
    try sampler.sample()
    progress.finish()
    let report = try JobReport(
      run: run, sampler: sampler, folder: folder, isInterrupted: interrupt.isSet)
    try report.write(to: folder)
    return report
  }

  /// Waits for the end of the interval, or for something to end, and takes a sample.
  private func pauseAndSample(_ sampler: Sampler, _ progress: ProgressReporter) throws {
    let end = clock.now() + Self.intervalNanoseconds
    while clock.now() < end && !interrupt.isSet && !sampler.hasPhaseEnded {
      sleepThread(nanoseconds: 20_000_000)
    }
    try sampler.run.trace?.flush()
    let row = try sampler.sample()
    progress.update(sampler.progressLine(row))
  }
}
