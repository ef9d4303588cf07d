import StorageBase
import StorageIO

extension Recovery {
  /// Rebuilds the catalogue as far as checkpoint and log can be read, and says where they end and
  /// what lies behind. Changes nothing on disk.
  ///
  /// - Throws: `StorageError.damaged` when too much is missing to go on from anywhere.
  mutating func survey() throws -> StoreSurvey {
    var survey = StoreSurvey()
    let checkpoint = try usableCheckpoint(&survey)
    if let checkpoint { try restore(checkpoint) }
    let first = checkpoint?.firstLog ?? 1
    let present = try numbers(in: layout.logDirectory, suffix: ".log").filter { $0 >= first }
    let files = zip(first..., present).prefix { $0 == $1 }.map { $1 }
    let nextFrame = try replay(files, of: present, from: checkpoint, &survey)
    if survey.logDamage == nil, files.count < present.count || files.isEmpty {
      survey.logDamage = missingFile(first + UInt32(files.count), nextFrame: nextFrame)
    }
    try refuseIfCheckpointIsNeeded(survey, checkpoint)
    survey.commitSequence = catalogue.commitSequence
    if var damage = survey.logDamage {
      damage.laterFiles = present.filter { $0 > damage.file }
      try readBehind(&damage)
      survey.logDamage = damage
    }
    for record in waitingGroupRows {
      if let cause = try self.damage(of: record) {
        survey.damagedGroupRows.append((record, cause))
      } else {
        survey.soundGroupRows.insert(record)
      }
    }
    survey.hasLostInlineBytes = hasLostInlineBytes
    survey.orphans = try orphans()
    return survey
  }

  private func usableCheckpoint(_ survey: inout StoreSurvey) throws -> Checkpoint? {
    for number in try numbers(in: layout.checkpointDirectory, suffix: ".ckpt").reversed() {
      do {
        return try Checkpoint.read(files, layout: layout, storeID: storeID, number: number)
      } catch let error as StorageError {
        // A disk that reads it the second time needs no repair.
        let again = Result {
          try Checkpoint.read(files, layout: layout, storeID: storeID, number: number)
        }
        guard case .corrupt = error, case .failure = again else { throw error }
        survey.damagedCheckpoints.append(number)
      }
    }
    return nil
  }

  private mutating func replay(
    _ logs: [UInt32], of present: [UInt32], from checkpoint: Checkpoint?,
    _ survey: inout StoreSurvey
  ) throws -> UInt64 {
    let reader = LogReplay(files: files, layout: layout, storeID: storeID)
    var frame = checkpoint?.nextFrame ?? 1
    var last = logs.count - 1
    if logs.count == present.count {
      while last > 0, try !reader.mayHoldFrames(logs[last]) { last -= 1 }
    }
    for (index, log) in logs.enumerated() where index <= last {
      let isLast = index == last && logs.count == present.count
      let outcome = try reader.scan(log, nextFrame: frame, isLast: isLast) {
        try apply($0, of: ReplayedLog(number: log, bytes: $1))
      }
      frame = outcome.nextFrame
      if outcome.tornByteCount > 0 { survey.tornEnd = (log, Int(outcome.tornByteCount)) }
      if let cause = outcome.damage {
        survey.logDamage = LogDamage(
          file: log, validByteCount: outcome.validByteCount, nextFrame: frame,
          version: outcome.version, cause: cause)
        break
      }
    }
    return frame
  }

  private func missingFile(_ number: UInt32, nextFrame: UInt64) -> LogDamage {
    LogDamage(
      file: number, validByteCount: 0, nextFrame: nextFrame,
      version: LogFormat.version,
      cause: .corrupt(
        file: layout.log(number), offset: 0, what: "log", expected: "log file \(number)",
        found: "no such file"))
  }

  /// Old log files are removed once a checkpoint has what they held. Without that checkpoint what
  /// is left of them looks like a log with holes, and cutting it there would throw away everything.
  private func refuseIfCheckpointIsNeeded(
    _ survey: StoreSurvey, _ checkpoint: Checkpoint?
  ) throws {
    guard let damage = survey.logDamage else { return }
    let isHole = try !files.exists(layout.log(damage.file))
    let needed = survey.damagedCheckpoints.filter { $0 > damage.file }
    guard !needed.isEmpty || checkpoint == nil && isHole else { return }
    let problem =
      needed.isEmpty
      ? "there is no checkpoint, and \(damage.cause)"
      : "checkpoint \(layout.checkpoint(needed[0])) is not whole, and \(damage.cause)"
    throw StorageError.damaged(
      path: layout.root, problems: [problem],
      remedy: "the state of its tablets cannot be found; restore a backup (sediment restore)")
  }
}
