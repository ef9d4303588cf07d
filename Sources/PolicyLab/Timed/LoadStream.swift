import StorageBase

/// Where the chance of a model comes from: loads are the same wherever they are carried out.
struct LoadStream {
  var clock: ArrivalClock
  var sizer: LoadSizer
  /// For the questions to policies.
  let entropy: SeededGenerator

  init(_ model: TimedModel) {
    var random = SeededGenerator(seed: model.seed)
    clock = ArrivalClock(model.arrivals, random: random.split())
    sizer = LoadSizer(model.sizes, random: random.split())
    entropy = random.split()
  }
}
