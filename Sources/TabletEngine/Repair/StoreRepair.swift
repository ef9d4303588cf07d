import StorageBase
import StorageIO
import TabletModel

/// Makes a damaged store usable again: what is damaged goes to `quarantine/` in the store, what can
/// be read stays, and the report accounts for every row in between.
///
/// Each of its two steps is done or not done, whatever fails: the cut of a log that cannot be read
/// on, and the replacement of damaged rowsets, which is one frame of the log. It can be run again
/// at any time. Nothing is overwritten in place, so backups that share files with the store keep
/// theirs.
public struct StoreRepair {
  /// How far a repair has come.
  public struct Progress: Hashable, Sendable {
    /// Rowsets examined, and at the end verified again.
    public var done = 0
    public var total = 0
    public var isVerifying = false
  }

  private let layout: StoreLayout
  private let files: any FileSystem
  private let clock: any TimeSource
  private let options: StoreOptions

  public init(
    _ path: String, files: any FileSystem, clock: any TimeSource,
    options: StoreOptions = StoreOptions()
  ) {
    layout = StoreLayout(root: path)
    self.files = files
    self.clock = clock
    self.options = options
  }

  /// Reads everything, repairs what is damaged, and verifies the store at the end. A sound store is
  /// left as opening it would.
  ///
  /// - Throws: `StorageError.storeLocked` when the store is open; `.damaged` when it cannot be
  ///   repaired, or when reads differ from one time to the next; what the disk refuses.
  public func run(onProgress: (Progress) -> Void = { _ in }) throws -> RepairReport {
    let identity = try StoreIdentity.read(files, layout: layout)
    let lock = try files.lock(layout.lock)
    var report = RepairReport()
    var quarantine: Quarantine?
    try files.createDirectory(layout.dataDirectory)
    let survey = try repairLog(identity, &report, &quarantine)
    let store = try Store.open(
      layout, identity, lock, files: files, clock: clock, options: options,
      toleratesLostInlineBytes: true)
    try requireSame(survey, in: store)
    for tablet in store.snapshot().flatMap(\.tablets) {
      try files.createDirectory(layout.tabletDirectory(tablet.id))
    }
    let repair = RowsetRepair(store: store)
    let findings = try repair.examine { done, total in
      onProgress(Progress(done: done, total: total))
    }
    let pending = PendingRepair(store: store)
    let waiting = try pending.examine()
    if !findings.isEmpty || !waiting.isEmpty {
      let kept = try quarantine ?? Quarantine(layout, files)
      quarantine = kept
      let plan = try repair.plan(findings, keepingIn: kept)
      report.rowsets = try plan.damaged + pending.describe(waiting, keepingIn: kept)
      try kept.finish(report.lines)
      if !findings.isEmpty { _ = try store.commit(.repair(plan.commit, plan.changes)) }
      try pending.abort(waiting)
    }
    report.quarantine = quarantine?.directory
    if quarantine != nil || survey.hasLostInlineBytes {
      // Two are kept, and neither shall need what log and checkpoints said of damaged things.
      for _ in 0..<2 { try store.checkpoint() }
    }
    report.remaining = StoreVerifier(store).run { done, total in
      onProgress(Progress(done: done, total: total, isVerifying: true))
    }
    return report
  }

  /// Promised rows are left out of the store for good, so it must be those that were told.
  private func requireSame(_ survey: StoreSurvey, in store: Store) throws {
    let found = Set(store.groupLoads.sections.flatMap(\.records))
    guard found == survey.soundGroupRows else {
      throw StorageError.damaged(
        path: layout.root,
        problems: ["\(found.count) promised batches of rows, first \(survey.soundGroupRows.count)"],
        remedy: "reads differ from one time to the next: check disk and memory")
    }
  }

  /// Cuts the log where it cannot be read on, and keeps what opening the store would remove.
  private func repairLog(
    _ identity: StoreIdentity, _ report: inout RepairReport, _ quarantine: inout Quarantine?
  ) throws -> StoreSurvey {
    var recovery = Recovery(
      files: files, layout: layout, storeID: identity.storeID,
      caches: StoreCaches(options), toleratesLostInlineBytes: true)
    let survey = try recovery.survey()
    report.add(survey, recovery.catalogue, layout)
    guard !report.isEmpty else { return survey }
    let kept = try Quarantine(layout, files)
    quarantine = kept
    for number in survey.damagedCheckpoints { _ = try kept.keep(layout.checkpoint(number)) }
    for (record, _) in survey.damagedGroupRows { try kept.keep(record) }
    if let torn = survey.tornEnd { _ = try kept.keepCopy(layout.log(torn.file)) }
    if let damage = survey.logDamage {
      for log in [damage.file] + damage.laterFiles { _ = try kept.keep(layout.log(log)) }
      for path in survey.orphans { _ = try kept.keep(path) }
    }
    try kept.finish(report.lines)
    if let damage = survey.logDamage {
      try LogCut(files: files, layout: layout, storeID: identity.storeID, damage: damage).run()
    }
    return survey
  }
}

extension RepairReport {
  fileprivate mutating func add(
    _ survey: StoreSurvey, _ catalogue: Catalogue, _ layout: StoreLayout
  ) {
    lastCommitSequence = survey.commitSequence
    tornByteCount = survey.tornEnd?.byteCount ?? 0
    damagedCheckpoints = survey.damagedCheckpoints.map(layout.checkpoint)
    damagedGroupRows = survey.damagedGroupRows.map { record, cause in
      DamagedGroupRows(
        table: catalogue.tables[record.table]?.definition.name ?? "\(record.table)",
        ordinal: record.ordinal, problem: "\(cause)")
    }
    guard let damage = survey.logDamage else { return }
    logDamage = "\(damage.cause)"
    keptChanges = damage.keptRecords.count
    lostLoads = damage.lostLoads
    lostDecisions = damage.lostDecisions
    lostGroupRows = damage.lostGroupRows.count
    lostGroupRowCount = damage.lostGroupRowCount
  }
}
