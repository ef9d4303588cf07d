import StorageBase
import TabletModel

/// Finds what takes the place of the damaged rowsets of a tablet whose keys are unique.
///
/// The inputs of a compaction do not know what has been deleted since it, so a damaged rowset never
/// gives way to them: either its compaction is carried out again, or what can be read of it is
/// written anew. Both times every row that is left is known by its old place, and what versions
/// have said of that is taken over. So of a key whose newest row is lost, no older row comes back
/// where rows are merged on write: the lost one has deleted it.
struct UniqueRowsetRepair {
  let store: Store
  let finding: RowsetRepair.Finding

  private var definition: TableDefinition { finding.table.definition }

  /// Adds to the plan what the damaged rowsets come to.
  func repair(
    _ plan: inout RowsetRepair.Plan, keepingIn quarantine: Quarantine
  ) throws -> RepairCommit.Part {
    var saved: [RowsetID: SavedRowset] = [:]
    var redone: Set<RowsetID> = []
    var repair = TabletRepair()
    var placements: [RowsetID: [SegmentPlacement]] = [:]
    let damaged = finding.rowsets.filter { !finding.isSound($0.id) }
    for rowset in damaged {
      guard finding.tablet.stale[rowset.id] == nil else {
        repair.dropped.append(rowset.id)
        continue
      }
      let again = try redo(rowset)
      if again != nil { redone.insert(rowset.id) }
      let new = try again ?? salvage(rowset)
      saved[rowset.id] = new
      placements[new.meta.entry.id] = new.meta.segments
      repair.replacements.append(
        TabletRepair.Replacement(damaged: rowset.id, successors: [.saved(new.meta.entry)]))
    }
    let transfer = ChangeTransfer(finding.tablet, saved, dropped: repair.dropped)
    if definition.uniqueKeys?.merge == .onWrite { plan.changes.append(transfer.changes()) }
    for rowset in damaged {
      plan.damaged.append(
        try describe(
          rowset, transfer, isRedone: redone.contains(rowset.id), keepingIn: quarantine))
    }
    return RepairCommit.Part(tablet: finding.tablet.id, repair: repair, placements: placements)
  }

  private var examiner: RowsetExaminer {
    RowsetExaminer(definition: definition, files: store.files, layout: store.layout)
  }

  private func redo(_ rowset: Rowset) throws -> SavedRowset? {
    let isWhole = finding.examinations[rowset.id]?.rowCount == rowset.summary.rowCount
    // Nothing is missing but what is written anew in any case.
    if isWhole { return nil }
    return try CompactionRedo(
      store: store, table: finding.table, tablet: finding.tablet, examiner: examiner,
      examinations: finding.examinations
    ).run(rowset)
  }

  private func salvage(_ rowset: Rowset) throws -> SavedRowset {
    guard let examination = finding.examinations[rowset.id] else {
      preconditionFailure("a rowset that was examined")
    }
    return try RowsetSalvage(store: store, tablet: finding.tablet.id, examiner: examiner)
      .save(rowset, as: examination)
  }

  private func describe(
    _ rowset: Rowset, _ transfer: ChangeTransfer, isRedone: Bool,
    keepingIn quarantine: Quarantine
  ) throws -> RepairReport.DamagedRowset {
    let isVisible = finding.tablet.stale[rowset.id] == nil
    let examination = finding.examinations[rowset.id] ?? RowsetExamination()
    let left = isRedone ? rowset.summary.rowCount : examination.rowCount
    let isOnRead = definition.uniqueKeys?.merge == .onRead
    let keyRowCount = examination.segments.reduce(0) { $0 + $1.keyRowCount }
    var lost = 0
    if isVisible {
      lost = isOnRead ? rowset.summary.rowCount - left : transfer.lostRowCount(of: rowset)
    }
    let outdated = isVisible && !isOnRead ? transfer.outdatedRowCount(of: rowset) : 0
    let remedy: RepairReport.Remedy =
      switch (isVisible, isRedone) {
      case (false, _): .dropped
      case (_, true): .compactedAgain
      case _ where lost == 0 && outdated == 0: .rewritten
      case _ where left == 0 && rowset.deltas.isEmpty: .lost
      default: .partlySaved
      }
    var report = RepairReport.DamagedRowset(
      table: definition.name, tablet: finding.tablet.id, rowset: rowset.id,
      versions: rowset.summary.versions, rowCount: rowset.summary.rowCount, lostRowCount: lost,
      remedy: remedy, problems: examination.problems,
      keptFiles: try quarantine.keep(rowset, of: finding.tablet.id))
    report.outdatedRowCount = outdated
    if isVisible, isOnRead, !isRedone { report.unknownKeyCount = lost - keyRowCount }
    return report
  }
}
