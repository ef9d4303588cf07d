import CompactionPolicies
import Glibc
import StorageBase
import StorageIO
import TabletEngine
import TabletModel

// Fills a store in every way there is, on several threads with compaction beside them, and says on
// standard output what it begins and what has been acknowledged, until it is killed.
//
//     crash-writer DIRECTORY ROUND

let arguments = CommandLine.arguments
guard arguments.count == 3, let round = Int64(arguments[2]) else {
  writeLine("usage: crash-writer DIRECTORY ROUND", to: STDERR_FILENO)
  exit(64)
}
do {
  let store = try WriterTables.openStore(arguments[1])
  let rules = SchedulingRules(cumulativeSlotCount: 1)
  let compactionPools = try StoreUpkeep.pools(for: rules)
  let scheduler = CompactionScheduler(
    store: store, policy: try PolicyCatalogue.shipped.policy("gradient").policy, rules: rules,
    executors: compactionPools, restSeconds: CompactionScheduler.threadRestSeconds)
  let upkeep = try StoreUpkeep(store, scheduler: scheduler, on: compactionPools)
  let threadCount = 4
  let pool = try WorkerPool(name: "writer", threadCount: threadCount)
  for thread in 0..<threadCount {
    pool.submit { CrashWriter(store: store, round: round, thread: Int64(thread)).run() }
  }
  pool.shutdown()
  upkeep.stop(cancelsRunning: true)
} catch {
  writeLine("crash-writer: \(error)", to: STDERR_FILENO)
  exit(1)
}
