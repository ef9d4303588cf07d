import BenchKit
import CompactionPolicies
import StorageBase
import StorageIO

/// Runs many clients against one store, measured; the calling thread samples and shows progress.
struct ClientJob {
  let job: JobSettings
  let settings: ClientSettings
  let interrupt: InterruptFlag
  private let policy: ConfiguredPolicy
  private let clock = MonotonicClock()
  private static let intervalNanoseconds: UInt64 = 1_000_000_000

  /// - Throws: `StorageError` for a policy that does not exist.
  init(_ job: JobSettings, _ settings: ClientSettings, interrupt: InterruptFlag) throws {
    self.job = job
    self.settings = settings
    self.interrupt = interrupt
    policy = try PolicyCatalogue.shipped.policy(job.policySpec)
  }

  /// Runs to the end, or to an interrupt; the CSV files are complete either way.
  func run() throws -> ClientReport {
    ProcessUsage.resetPeak()
    let started = SystemClock().now()
    // Only for names: runs of the same moment and seed must not meet in one folder.
    var suffix = SeededGenerator(seed: UInt64(started.rawValue))
    let folder = try RunFolder(
      parent: job.outDirectory,
      runID: RunFolder.makeRunID(
        startedAt: started, policy: "clients-\(policy.name)", using: &suffix))
    let data = try DataDirectory(job.dataDirectory, runID: folder.runID)
    defer { data.removeIfTemporary() }
    try folder.write(
      RunRecord(
        runID: folder.runID, startedAt: started, seed: job.seed,
        configuration: ["job": job.json, "clients": settings.json],
        simdLevel: Workload.simdLevel,
        environment: RunEnvironment.capture(dataPath: data.existingPath, sourcePath: sourceRoot)))
    let progress = ProgressReporter(clock: SystemClock())
    progress.update("filling the table with \(settings.preloadedRows) orders")
    let run = try ClientRun(job: job, settings: settings, policy: policy, path: data.path)
    return try measure(run, progress, folder)
  }

  private func measure(
    _ run: ClientRun, _ progress: ProgressReporter, _ folder: RunFolder
  ) throws -> ClientReport {
    let sampler = ClientSampler(run: run, folder: folder)
    run.start()
    while run.isBusy {
      let end = clock.now() + Self.intervalNanoseconds
      while clock.now() < end && run.isBusy {
        if interrupt.isSet { run.stopArrivals() }
        sleepThread(nanoseconds: 10_000_000)
        run.workers.expire()
      }
      let row = try sampler.sample()
      progress.update(sampler.progressLine(row))
    }
    sampler.markEnd()
    run.stopClients()
    run.engine.stop(cancelRunning: interrupt.isSet)
    progress.finish()
    let report = try ClientReport(run: run, sampler: sampler, folder: folder)
    try report.write(to: folder)
    return report
  }
}
