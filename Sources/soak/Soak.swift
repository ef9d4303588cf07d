import ArgumentParser
import EngineSimulation
import Glibc
import StorageIO

@main
struct Soak: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "soak",
    abstract: "Runs the engine under simulation, seed after seed, on all cores.",
    discussion: """
      Every seed is a history of loads, compactions, reads, faults of the disk and crashes, and
      what the store shows is compared with what it promised; with --kind streams, of a stream
      whose rows must arrive once. Runs until all seeds are done or
      somebody stops it (Ctrl-C), and then says what happened; the exit code is 1 when a seed has
      failed.

      EXAMPLES
        soak --seeds 100000       # a fixed number
        soak --seeds 0            # until it is stopped
        soak --seed 4711          # one again, with everything that happens
        soak --kind streams       # streams through crashes
        soak --kind replicas      # replicas of a table that share their compactions
      """)

  @Option(help: "What is simulated: engine, streams or replicas.")
  var kind = SimulatedKind.engine

  @Option(help: "How many seeds to run; 0 goes on until it is stopped.")
  var seeds = 10_000

  @Option(help: "The first seed.")
  var first = 0

  @Option(help: "Runs this seed alone and prints what happens.")
  var seed: Int?

  @Option(help: "Steps of each seed; a stream goes on to its end.")
  var steps: Int?

  @Option(help: "Processes at a time; as many as there are cores unless told.")
  var jobs = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))

  @Option(help: "Seconds after which a seed counts as hanging.")
  var timeout = 120

  @Option(help: .hidden)
  var stride: Int?

  func validate() throws {
    guard seeds >= 0, first >= 0, steps ?? 1 >= 1, jobs >= 1, timeout >= 1 else {
      throw ValidationError("seeds and first are 0 or more, steps, jobs and timeout at least 1")
    }
  }

  func run() throws {
    if let seed {
      try replay(UInt64(seed))
    } else if let stride {
      let worker = SoakWorker(
        kind: kind, first: first, stride: stride, count: seeds, stepCount: stepCount)
      try worker.run(until: InterruptFlag.installingSignalHandlers())
    } else {
      let plan = SoakPlan(
        kind: kind, first: first, count: seeds == 0 ? nil : seeds, stepCount: stepCount,
        workerCount: jobs, timeoutSeconds: timeout)
      var supervisor = SoakSupervisor(plan)
      let failureCount = try supervisor.run(until: InterruptFlag.installingSignalHandlers())
      if failureCount > 0 { throw ExitCode(1) }
    }
  }

  private var stepCount: Int { steps ?? kind.usualStepCount }

  private func replay(_ seed: UInt64) throws {
    do {
      let trace = try kind.run(seed: seed, stepCount: stepCount) {
        for event in $0 { print(event) }
      }
      print("seed \(seed): sound, trace \(String(trace.hash, radix: 16))")
    } catch {
      print("seed \(seed): \(error)")
      throw ExitCode(1)
    }
  }
}
