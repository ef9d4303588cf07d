import StorageBase
import TabletModel

// How loads come, wait and are published.
extension TimedSimulation {
  mutating func takeArrivals() -> Bool {
    var hasTaken = false
    while let due = dueNext, due <= now, model.arrivals != .closed || hasIdleWriter {
      queue.append(
        PendingLoad(
          place: model.placement.place(of: arrivedCount, tabletCount: tablets.count),
          byteCount: sizer.next(), dueAt: model.arrivals == .closed ? now : due))
      arrivedCount += 1
      dueNext = arrivedCount < loadCount ? clock.next() : nil
      hasTaken = true
      if model.arrivals == .closed { break }
    }
    return hasTaken
  }

  var hasIdleWriter: Bool {
    writers.contains { if case .idle = $0 { true } else { false } }
  }

  /// Gives loads to free writers and lets those begin that may.
  mutating func admitLoads() -> Bool {
    var isChanged = false
    for place in writers.indices {
      if case .idle = writers[place], queueHead < queue.count {
        writers[place] = .blocked(
          queue[queueHead], since: now, giveUpAt: now + model.backPressure.patienceSeconds)
        queueHead += 1
        isChanged = true
        if queueHead > 1024, queueHead * 2 > queue.count {
          queue.removeFirst(queueHead)
          queueHead = 0
        }
      }
      guard case .blocked(let load, let since, let giveUpAt) = writers[place] else { continue }
      if let at = admissionTime(of: load), at <= now {
        tablets[load.tablet].lastAdmissionAt = now
        let seconds = model.costs.loadSeconds(byteCount: load.byteCount)
        writers[place] = .loading(load, until: now + seconds)
        noteStall(now - since)
        isChanged = true
      } else if giveUpAt <= now {
        writers[place] = .idle
        figures.rejectedCount += 1
        noteStall(now - since)
        isChanged = true
      }
    }
    return isChanged
  }

  /// When the back-pressure lets a load begin, unless the tablet changes; nil on a full tablet.
  func admissionTime(of load: PendingLoad) -> Double? {
    let tablet = tablets[load.tablet]
    let count = tablet.state.facts.rowsets.count
    if model.backPressure.isFull(versionCount: count, limit: model.versionLimit) { return nil }
    let interval = model.backPressure.intervalSeconds(
      versionCount: count, limit: model.versionLimit)
    return max(now, tablet.lastAdmissionAt + interval)
  }

  mutating func noteStall(_ seconds: Double) {
    guard seconds > 0 else { return }
    figures.stallCount += 1
    figures.stallSeconds += seconds
    figures.stallLongestSeconds = max(figures.stallLongestSeconds, seconds)
  }

  mutating func publishLoads() throws -> Bool {
    var isChanged = false
    for place in writers.indices {
      guard case .loading(let load, let until) = writers[place], until <= now else { continue }
      writers[place] = .idle
      noteComponents(of: load.tablet)
      meterQueries(of: load.tablet)
      tablets[load.tablet].meter.noteLoad(byteCount: load.byteCount, at: timestamp)
      tablets[load.tablet].state.advance(to: timestamp)
      tablets[load.tablet].noteSettled()
      tablets[load.tablet].loads.byteCounts.append(load.byteCount)
      tablets[load.tablet].loads.rowCounts.append(load.place.rowCount)
      tablets[load.tablet].state.load(
        byteCount: load.byteCount, rowCount: load.place.rowCount,
        segmentCount: load.place.segmentCount)
      tablets[load.tablet].byteCount += load.byteCount
      noteLoad(of: load.tablet)
      try record(load.tablet)
      figures.loadCount += 1
      figures.loadedByteCount += load.byteCount
      figures.loadSeconds.add(now - load.dueAt)
      sampler.loadSeconds.add(now - load.dueAt)
      figures.versionMax = max(figures.versionMax, tablets[load.tablet].state.facts.rowsets.count)
      isChanged = true
    }
    if isChanged { notePeak() }
    return isChanged
  }

  /// The policy of the tablet is asked now, or after the next scan.
  mutating func noteLoad(of place: Int) {
    tablets[place].loadCount += 1
    if model.scheduler.isTriggered(byLoad: tablets[place].loadCount) {
      tablets[place].needsDecision = true
    } else {
      tablets[place].isUnseen = true
      if scanAt == .infinity { scanAt = model.scheduler.scanTime(after: now) ?? .infinity }
    }
  }
}
