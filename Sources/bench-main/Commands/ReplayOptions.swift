import ArgumentParser
import CompactionPolicies
import PolicyLab
import TabletModel

/// The system a trace is replayed on.
struct ReplayOptions: ParsableArguments {
  @Option(help: "Loads at a time; without it 64 in virtual time, 8 with --real.")
  var writers: Int?

  @Option(help: "Versions of a tablet above which loads are refused.")
  var versionLimit = 2000

  @Option(help: "smooth, hard or none; see bench policies.")
  var backPressure = "smooth"

  @Option(help: "name or name:key=value,key=value; see bench schedulers.")
  var scheduler = "fair:cumulative=1,base=1"

  @Option(
    help: """
      What things take in virtual time, as for bench simulate timed; without it merges take what \
      those of the trace took at their time. Loads take no time.
      """)
  var costs: String?

  @Option(help: "Bytes of the key space of a tablet, in MiB; 0 if every load brings new keys.")
  var overlapMib = 0

  @Option(
    help: "Queries per second on all tablets, or shift; they pay for components, slow nothing.")
  var queries = "0"

  @Option(help: "With --real: how many times faster than recorded loads come.")
  var speed = 1.0

  @Option(help: "With --real: of loads whose rows nobody has counted.")
  var bytesPerRow = 20

  @Option(help: "With --real: keeps the tables in this new directory.")
  var data: String?

  @Option(help: "Where chance comes from.")
  var seed: UInt64 = 1

  func validate() throws {
    for (name, value) in [
      ("writers", writers ?? 1), ("version-limit", versionLimit - 1),
      ("bytes-per-row", bytesPerRow),
    ] where value < 1 {
      throw ValidationError("--\(name) is too small")
    }
    guard writers ?? 1 <= 1000 else { throw ValidationError("--writers is at most 1000") }
    guard speed > 0, speed.isFinite else { throw ValidationError("--speed must be positive") }
    guard overlapMib >= 0 else { throw ValidationError("--overlap-mib is not negative") }
  }

  /// Without loads, which come from the trace.
  func model() throws -> TimedModel {
    var model = TimedModel()
    model.overlap = overlapMib == 0 ? .none : .uniform(spaceByteCount: overlapMib << 20)
    model.writerCount = writers ?? 64
    model.versionLimit = versionLimit
    model.backPressure = try BackPressure(spec: backPressure)
    model.scheduler = try ConfiguredScheduler(spec: scheduler).rules
    if let costs { model.costs = try CostModel(list: costs) }
    model.queries = try QueryProcess(spec: queries)
    model.seed = seed
    return model
  }

  func storeSettings() throws -> StoreReplay.Settings {
    StoreReplay.Settings(
      scheduler: try ConfiguredScheduler(spec: scheduler), writers: writers ?? 8,
      versionLimit: versionLimit, backPressure: try BackPressure(spec: backPressure), seed: seed,
      speed: speed, bytesPerRow: bytesPerRow)
  }
}
