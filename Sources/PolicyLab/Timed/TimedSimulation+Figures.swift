import StorageBase
import TabletModel

// What is counted.
extension TimedSimulation {
  /// The components of a tablet have been what they are since they last changed.
  mutating func noteComponents(of place: Int) {
    guard !isEnded else { return }
    figures.components.add(
      Double(tablets[place].state.componentCount), weight: now - tablets[place].countedUntil)
    let queries =
      model.queries.count(from: tablets[place].countedUntil, to: now) / Double(tablets.count)
    figures.queryCount += queries
    figures.querySeconds +=
      queries * model.costs.querySeconds(componentCount: tablets[place].state.componentCount)
    tablets[place].countedUntil = now
  }

  mutating func notePeak() {
    let stored = tablets.reduce(0) { $0 + $1.byteCount }
    let written = jobs.reduce(0) { $0 + ($1.closesAt == nil ? $1.merge.output.byteCount : 0) }
    figures.peakByteCount = max(figures.peakByteCount, stored + written)
  }

  mutating func endLoads() {
    for place in tablets.indices { noteComponents(of: place) }
    isEnded = true
    for place in tablets.indices { tablets[place].noteSettled() }
    figures.tabletLoads = tablets.map(\.loads)
    figures.seconds = now
    figures.componentFinal = tablets.reduce(0) { $0 + $1.state.componentCount }
    let stored = tablets.reduce(0) { $0 + $1.byteCount }
    let least = tablets.reduce(0) { $0 + model.overlap.mergedByteCount(of: $1.state.stack) }
    figures.spaceAmplification = least > 0 ? Double(stored) / Double(least) : 1
    figures.debtByteCount = debtByteCount
  }

  var debtByteCount: Int {
    tablets.reduce(0) { sum, tablet in
      var facts = tablet.state.facts
      // What runs now is still to be written as well.
      facts.inFlight = []
      facts.allowedKinds = Set(CompactionKind.allCases)
      return sum
        + CompactionDebt.byteCount(
          of: facts, under: policy, overlap: model.overlap, rowsetSizes: model.rowsetSizes)
    }
  }

  mutating func sample(at time: Double) throws {
    let counts = tablets.map(\.state.componentCount)
    let sample = sampler.take(
      figures, at: time, runningCount: jobs.count, componentCounts: counts,
      debtByteCount: debtByteCount, storedByteCount: tablets.reduce(0) { $0 + $1.byteCount })
    if sample.intervalSeconds > 0 { try observer?.onSample(sample) }
  }
}

extension TimedRun {
  mutating func note(
    read: Int, written: Int, processorSeconds: Double, isAfterLoads: Bool
  ) {
    guard !isAfterLoads else {
      quiesceWrittenByteCount += written
      return
    }
    mergeCount += 1
    mergeReadByteCount += read
    mergeWrittenByteCount += written
    mergeProcessorSeconds += processorSeconds
  }
}
