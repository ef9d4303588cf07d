import StorageBase
import StorageIO
import TabletModel

/// Finds damaged rowsets of an open store and plans what takes their place.
struct RowsetRepair {
  let store: Store

  /// A tablet with damaged rowsets, and what is left of all its rowsets.
  struct Finding {
    let table: TableSnapshot
    let tablet: TabletSnapshot
    let examinations: [RowsetID: RowsetExamination]

    /// Visible ones in version order, then stale ones by id.
    var rowsets: [Rowset] { tablet.rowsets + tablet.stale.values.sorted { $0.id < $1.id } }

    func isSound(_ rowset: RowsetID) -> Bool { examinations[rowset]?.isSound ?? false }
  }

  struct Plan {
    var damaged: [RepairReport.DamagedRowset] = []
    var commit: RepairCommit
    var changes = RepairedChanges()
  }

  /// Reads every rowset, visible or stale.
  /// - Returns: the tablets with damaged ones, in order.
  func examine(progress: (_ done: Int, _ total: Int) -> Void) throws -> [Finding] {
    let tables = store.snapshot()
    let total = tables.flatMap(\.tablets).reduce(0) { $0 + $1.rowsets.count + $1.stale.count }
    var done = 0
    var findings: [Finding] = []
    for table in tables {
      let examiner = examiner(table)
      for tablet in table.tablets {
        var examinations: [RowsetID: RowsetExamination] = [:]
        for rowset in tablet.allRowsets {
          examinations[rowset.id] = try examiner.examine(rowset)
          done += 1
          progress(done, total)
        }
        guard examinations.values.contains(where: { !$0.isSound }) else { continue }
        findings.append(Finding(table: table, tablet: tablet, examinations: examinations))
      }
    }
    return findings
  }

  /// Writes the rowsets that save rows, keeps the damaged ones in the quarantine, and returns what
  /// is to be committed.
  func plan(_ findings: [Finding], keepingIn quarantine: Quarantine) throws -> Plan {
    var plan = Plan(commit: RepairCommit(at: store.clock.now(), parts: []))
    var parts: [RepairCommit.Part] = []
    for finding in findings {
      if finding.table.definition.uniqueKeys == nil {
        parts.append(try repair(finding, &plan, keepingIn: quarantine))
      } else {
        parts.append(
          try UniqueRowsetRepair(store: store, finding: finding)
            .repair(&plan, keepingIn: quarantine))
      }
    }
    plan.commit = RepairCommit(at: plan.commit.at, parts: parts)
    return plan
  }

  private func repair(
    _ finding: Finding, _ plan: inout Plan, keepingIn quarantine: Quarantine
  ) throws -> RepairCommit.Part {
    var repair = TabletRepair()
    var placements: [RowsetID: [SegmentPlacement]] = [:]
    for rowset in finding.rowsets where !finding.isSound(rowset.id) {
      let isVisible = finding.tablet.stale[rowset.id] == nil
      let way = isVisible ? bestWay(finding, around: rowset) : []
      if isVisible {
        let successors = try way.map { try successor($0, finding, &placements) }
        repair.replacements.append(
          TabletRepair.Replacement(damaged: rowset.id, successors: successors))
      } else {
        repair.dropped.append(rowset.id)
      }
      plan.damaged.append(
        try describe(rowset, finding, isVisible ? way : nil, keepingIn: quarantine))
    }
    return RepairCommit.Part(tablet: finding.tablet.id, repair: repair, placements: placements)
  }

  func examiner(_ table: TableSnapshot) -> RowsetExaminer {
    RowsetExaminer(definition: table.definition, files: store.files, layout: store.layout)
  }

  private func bestWay(_ finding: Finding, around rowset: Rowset) -> [RepairPlan.Candidate] {
    let candidates = finding.rowsets.map { rowset in
      RepairPlan.Candidate(
        entry: RowsetEntry(id: rowset.id, summary: rowset.summary),
        rowCount: finding.examinations[rowset.id]?.rowCount ?? 0,
        isSound: finding.isSound(rowset.id))
    }
    return RepairPlan.bestWay(through: rowset.summary.versions, candidates)
  }

  private func successor(
    _ candidate: RepairPlan.Candidate, _ finding: Finding,
    _ placements: inout [RowsetID: [SegmentPlacement]]
  ) throws -> TabletRepair.Successor {
    let id = candidate.entry.id
    if candidate.isSound { return .reinstated(id) }
    guard let rowset = finding.rowsets.first(where: { $0.id == id }),
      let examination = finding.examinations[id]
    else { preconditionFailure("candidates are rowsets of the tablet") }
    let saved = try RowsetSalvage(
      store: store, tablet: finding.tablet.id, examiner: examiner(finding.table)
    ).save(rowset, as: examination)
    placements[saved.meta.entry.id] = saved.meta.segments
    return .saved(saved.meta.entry)
  }

  /// - Parameter way: what takes its place; nil for a stale rowset.
  private func describe(
    _ rowset: Rowset, _ finding: Finding, _ way: [RepairPlan.Candidate]?,
    keepingIn quarantine: Quarantine
  ) throws -> RepairReport.DamagedRowset {
    let keptRowCount = way?.reduce(0) { $0 + $1.rowCount } ?? rowset.summary.rowCount
    let remedy: RepairReport.Remedy =
      switch way {
      case nil: .dropped
      case let way? where !way.contains { $0.entry.id == rowset.id }: .inputsReinstated
      case _ where keptRowCount == rowset.summary.rowCount: .rewritten
      case _ where keptRowCount == 0: .lost
      default: .partlySaved
      }
    return RepairReport.DamagedRowset(
      table: finding.table.definition.name, tablet: finding.tablet.id, rowset: rowset.id,
      versions: rowset.summary.versions, rowCount: rowset.summary.rowCount,
      lostRowCount: rowset.summary.rowCount - keptRowCount, remedy: remedy,
      problems: finding.examinations[rowset.id]?.problems ?? [],
      keptFiles: try quarantine.keep(rowset, of: finding.tablet.id))
  }
}
