import StorageBase
import TabletModel

/// What a repair found, did and could not save.
public struct RepairReport: Sendable {
  /// A load in the log behind its damage: whole, and lost with what was before it.
  public struct LostLoad: Hashable, Sendable {
    /// Nil for a load that waited for the second phase.
    public internal(set) var sequence: UInt64?
    public let transaction: TransactionID?
    public let label: String
    public let rows: [TabletID: Int]
    /// Rows of a group load that were promised before the damage: they are not lost, and become
    /// visible with the next one.
    public let waitingRowCount: Int

    /// Rows that are gone.
    public var lostRowCount: Int { rows.values.reduce(0, +) - waitingRowCount }

    init(
      sequence: UInt64?, transaction: TransactionID?, label: String, parts: [LoadCommit.Part],
      waitingRowCount: Int
    ) {
      self.sequence = sequence
      self.transaction = transaction
      self.label = label
      self.waitingRowCount = waitingRowCount
      rows = parts.reduce(into: [:]) { rows, part in
        rows[part.tablet, default: 0] += part.rowset.entry.summary.rowCount
      }
    }
  }

  /// Promised rows that nobody can read any more.
  public struct DamagedGroupRows: Hashable, Sendable {
    public let table: String
    /// Counts the batches that were promised, from 0.
    public let ordinal: UInt64
    /// In words, with file and offset.
    public let problem: String
  }

  public enum Remedy: String, Hashable, Sendable {
    /// The rowsets that a compaction had merged into it are back.
    case inputsReinstated = "put together from the rowsets it was merged from"
    /// Its compaction has been carried out again.
    case compactedAgain = "merged again from the rowsets it was merged from"
    /// Only an index, a filter or the like was damaged.
    case rewritten = "written anew, no row lost"
    /// Rows that could be read are in a new rowset.
    case partlySaved = "what can be read was written anew"
    case lost = "nothing of it can be read"
    /// It, or another rowset of its load, cannot be read, and a load becomes visible as a whole.
    case aborted = "its load, which waited for the second phase, is aborted"
    /// It had been replaced, and was kept for readers of older versions only.
    case dropped = "dropped; compaction had replaced it, so newest versions do not need it"
  }

  public struct DamagedRowset: Hashable, Sendable {
    public let table: String
    public let tablet: TabletID
    public let rowset: RowsetID
    public let versions: VersionRange
    /// Rows it had, as the log tells.
    public let rowCount: Int
    /// Rows of the newest version, or of a load that waited, that nobody can read any more. Of
    /// tables that merge on read, rows that newer ones have replaced count as well.
    public let lostRowCount: Int
    public let remedy: Remedy
    /// In words, with file and offset.
    public let problems: [String]
    /// Where its bytes are now.
    public let keptFiles: [String]
    /// Rows that are there and show older values of some columns: newer ones, which a partial load
    /// had stored apart from them, are lost.
    public internal(set) var outdatedRowCount = 0
    /// Lost rows whose keys are lost with them, of tables that merge on read: where there are older
    /// rows of these keys, they show again.
    public internal(set) var unknownKeyCount = 0

    init(
      table: String, tablet: TabletID, rowset: RowsetID, versions: VersionRange, rowCount: Int,
      lostRowCount: Int, remedy: Remedy, problems: [String], keptFiles: [String]
    ) {
      self.table = table
      self.tablet = tablet
      self.rowset = rowset
      self.versions = versions
      self.rowCount = rowCount
      self.lostRowCount = lostRowCount
      self.remedy = remedy
      self.problems = problems
      self.keptFiles = keptFiles
    }
  }

  /// The directory with the damaged files; nil when nothing had to be taken out of use.
  public internal(set) var quarantine: String?
  /// Where the log was cut, in words; nil when it was whole.
  public internal(set) var logDamage: String?
  /// The last load before the cut.
  public internal(set) var lastCommitSequence: UInt64 = 0
  public internal(set) var lostLoads: [LostLoad] = []
  /// Transactions that wait for the second phase again: their decision is behind the cut.
  public internal(set) var lostDecisions: [TransactionID] = []
  /// Promised batches of rows behind the cut that no load had made visible.
  public internal(set) var lostGroupRows = 0
  /// Rows of these, as far as they can be counted.
  public internal(set) var lostGroupRowCount = 0
  /// Promised batches of rows that lay elsewhere.
  public internal(set) var damagedGroupRows: [DamagedGroupRows] = []
  /// Compactions, sweeps and the like behind the cut that could be kept.
  public internal(set) var keptChanges = 0
  /// Bytes at the end of the log that are no whole frame.
  public internal(set) var tornByteCount = 0
  public internal(set) var damagedCheckpoints: [String] = []
  public internal(set) var rowsets: [DamagedRowset] = []
  /// What `verify` finds afterwards.
  public internal(set) var remaining = StoreVerifier.Report()

  /// Rows lost in damaged rowsets. Those of `lostLoads` come on top.
  public var lostRowCount: Int { rowsets.reduce(0) { $0 + $1.lostRowCount } }

  /// Rows that show older values of some columns.
  public var outdatedRowCount: Int { rowsets.reduce(0) { $0 + $1.outdatedRowCount } }

  /// Whether the store was found as it should be.
  public var isEmpty: Bool {
    logDamage == nil && damagedCheckpoints.isEmpty && rowsets.isEmpty && tornByteCount == 0
      && damagedGroupRows.isEmpty
  }

  /// Whether anything that was acknowledged is gone.
  public var losesRows: Bool {
    logDamage != nil || lostRowCount > 0 || outdatedRowCount > 0 || !damagedGroupRows.isEmpty
  }
}

extension RepairReport {
  /// The report as text.
  public var lines: [String] {
    var lines: [String] = []
    if let logDamage {
      lines.append("log: \(logDamage)")
      lines.append(
        "log: cut there; the store is as of load \(lastCommitSequence), and \(keptChanges) later "
          + "changes that lose no rows were kept")
      lines.append(
        lostLoads.isEmpty
          ? "log: no load behind it can be read; what was there is lost"
          : "log: lost are the loads at the damage, which cannot be read, and "
            + "\(lostLoads.count) behind it:")
      lines += lostLoads.map(\.line)
      lines += lostDecisions.map { "log: transaction \($0) waits for its second phase again" }
      if lostGroupRows > 0 {
        lines.append(
          "log: \(lostGroupRows) promised batches of group loads behind it are lost, "
            + "\(lostGroupRowCount) rows")
      }
    }
    if tornByteCount > 0 {
      lines.append(
        "log: \(tornByteCount) bytes at its end are no whole frame: loads that were never "
          + "acknowledged, or damage to the last ones")
    }
    lines += damagedCheckpoints.map { "checkpoint: \($0) is not whole; not needed" }
    for rows in damagedGroupRows {
      lines.append("table \(rows.table): a promised batch of rows is lost; \(rows.problem)")
    }
    for rowset in rowsets { lines += rowset.lines }
    if !rowsets.isEmpty {
      lines.append("\(rowsets.count) rowsets were damaged, \(lostRowCount) rows are lost")
    }
    return lines
  }
}

extension RepairReport.LostLoad {
  fileprivate var line: String {
    let parts = rows.sorted { $0.key < $1.key }.map { "\($0.value) rows of tablet \($0.key)" }
    let name = label.isEmpty ? "" : " \"\(label)\""
    let number = sequence.map { "load \($0)" } ?? "a load that waited for its second phase"
    let waiting = waitingRowCount == 0 ? "" : "; \(waitingRowCount) of them wait again"
    return "  \(number)\(name): \(parts.joined(separator: ", "))\(waiting)"
  }
}

extension RepairReport.DamagedRowset {
  fileprivate var lines: [String] {
    let loss = remedy == .dropped ? "" : "\(lostRowCount) of \(rowCount) rows lost; "
    var lines = [
      "table \(table), tablet \(tablet), versions \(versions) (rowset \(rowset)): "
        + loss + remedy.rawValue
    ]
    if outdatedRowCount > 0 {
      lines.append(
        "  \(outdatedRowCount) rows show older values of some columns: newer ones are lost")
    }
    if unknownKeyCount > 0 {
      lines.append(
        "  the keys of \(unknownKeyCount) lost rows are lost as well: older rows of them, where "
          + "there are any, show again")
    }
    return lines + problems.map { "  \($0)" } + keptFiles.map { "  kept as \($0)" }
  }
}
