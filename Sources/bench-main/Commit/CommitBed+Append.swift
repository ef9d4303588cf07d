import ScanKernels
import StorageBase
import StorageIO
import TabletEngine

// A durable commit of a prepared load, beside what the disk takes for the same bytes.
extension CommitBed {
  private static let loadCount = 400

  func measureAppend(into findings: inout CommitFindings) throws {
    for (name, byteCount) in [("4 KiB", 4 << 10), ("64 KiB", 64 << 10)] {
      try withStore(options) { store in
        let batch = try batch(ofAbout: byteCount, in: store)
        var times = try times(of: batch, in: store)
        times.sort()
        findings.add("append", name, "rows of a load", Double(batch.rowCount))
        findings.add("append", name, "plain append + sync, ms", times.disk / 1e6)
        findings.add("append", name, "commit, ms", times.commit / 1e6)
        findings.add("append", name, "commit / plain", times.commit / times.disk)
        findings.add("append", name, "sort and encode, ms", times.encode / 1e6)
      }
    }
  }

  private struct Times {
    var disks: [UInt64] = []
    var commits: [UInt64] = []
    var encodes: [UInt64] = []

    mutating func sort() {
      disks.sort()
      commits.sort()
      encodes.sort()
    }

    var disk: Double { Double(disks[disks.count / 2]) }
    var commit: Double { Double(commits[commits.count / 2]) }
    var encode: Double { Double(encodes[encodes.count / 2]) }
  }

  /// The two take turns.
  private func times(of batch: ColumnBatch, in store: Store) throws -> Times {
    let clock = MonotonicClock()
    var times = Times()
    let loads = try (0..<Self.loadCount).map { _ in
      let start = clock.now()
      let load = try prepared(batch, in: store)
      times.encodes.append(clock.now() - start)
      return load
    }
    let disk = try DiskSync(folder: folder, byteCount: loads[0].byteCount)
    for load in loads {
      times.disks.append(try disk.time())
      let start = clock.now()
      try store.commit(load)
      times.commits.append(clock.now() - start)
    }
    return times
  }

  /// As many rows as still take at most so many bytes when encoded; found by halving.
  private func batch(ofAbout byteCount: Int, in store: Store) throws -> ColumnBatch {
    var fitting = 1
    var tooMany = byteCount / 8
    while tooMany - fitting > 1 + fitting / 100 {
      let middle = (fitting + tooMany) / 2
      if try prepared(batches(middle)[0], in: store).byteCount <= byteCount {
        fitting = middle
      } else {
        tooMany = middle
      }
    }
    return try batches(fitting)[0]
  }
}
