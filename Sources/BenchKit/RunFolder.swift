import Glibc
import StorageBase

/// The folder of one run: `run.json` at the start, rows of `timeline.csv`, `operations.csv` and
/// `compactions.csv` as they come, `summary.csv` at the end. A run that is killed keeps what it
/// had. Thread-safe; never replaces a file.
public final class RunFolder: Sendable {
  public let runID: String
  public let path: String
  private let timeline: ResultFile
  private let operations: ResultFile
  private let compactions: ResultFile

  /// `20261121T070632Z-gradient-k3f9t2`: start, policy, and a suffix that keeps runs of the same
  /// second apart. Characters of `policy` outside letters, digits, `-` and `_` become `-`.
  public static func makeRunID(
    startedAt: Timestamp, policy: String, using generator: inout some RandomNumberGenerator
  ) -> String {
    let alphabet = Array("abcdefghijkmnpqrstuvwxyz23456789")
    let suffix = String((0..<6).map { _ in alphabet[Int(generator.next() >> 59)] })
    let name = String(
      policy.unicodeScalars.prefix(40).map { scalar -> Character in
        let isPlain =
          scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
        return isPlain || scalar == "-" || scalar == "_" ? Character(scalar) : "-"
      })
    return "\(compactUTC(startedAt))-\(name)-\(suffix)"
  }

  /// Creates `parent` when missing, and `parent/runID` with the headers of its files.
  /// - Throws: `StorageError.alreadyExists` when there is such a folder; `StorageError.io`.
  public init(parent: String, runID: String) throws {
    self.runID = runID
    path = parent + "/" + runID
    try createDirectories(parent)
    if mkdir(path, 0o755) != 0 {
      guard errno != EEXIST else {
        throw StorageError.alreadyExists(kind: "run folder", name: path)
      }
      throw lastSystemError("create the folder", path)
    }
    timeline = try ResultFile(creating: path + "/" + TimelineRow.fileName)
    operations = try ResultFile(creating: path + "/" + OperationRow.fileName)
    compactions = try ResultFile(creating: path + "/" + CompactionRow.fileName)
    try timeline.append(TimelineRow.header + csvLineEnd)
    try operations.append(OperationRow.header + csvLineEnd)
    try compactions.append(CompactionRow.header + csvLineEnd)
  }

  /// Writes `run.json`; once per run, before anything is measured.
  public func write(_ record: RunRecord) throws {
    try ResultFile(creating: path + "/run.json").append(record.json.prettyText)
  }

  public func append(_ row: TimelineRow) throws { try timeline.append(row.line + csvLineEnd) }

  public func append(_ row: OperationRow) throws { try operations.append(row.line + csvLineEnd) }

  public func append(_ row: CompactionRow) throws { try compactions.append(row.line + csvLineEnd) }

  /// Writes `summary.csv`; once, at the end of the run.
  public func write(_ summary: SummaryRow) throws {
    try ResultFile(creating: path + "/" + SummaryRow.fileName)
      .append(SummaryRow.header + csvLineEnd + summary.line + csvLineEnd)
  }
}

/// RFC 4180 ends lines with CR LF, but the tools that read these files (and `diff`, `sort`,
/// `cut`) are at home with LF alone, which every CSV reader takes.
let csvLineEnd = "\n"

/// Creates a folder and its parents; does nothing when it is there.
public func createDirectories(_ path: String) throws {
  var partial = path.hasPrefix("/") ? "/" : ""
  for part in path.split(separator: "/") {
    partial += part
    if mkdir(partial, 0o755) != 0 && errno != EEXIST {
      throw lastSystemError("create the folder", partial)
    }
    partial += "/"
  }
}

/// `20261121T070632Z`.
private func compactUTC(_ time: Timestamp) -> String {
  let text = formatDatetime(time.rawValue - time.rawValue.remainder(1_000_000))
  return text.filter { $0 != "-" && $0 != ":" }.replacing(" ", with: "T") + "Z"
}

extension Int64 {
  /// The non-negative rest of a division.
  fileprivate func remainder(_ divisor: Int64) -> Int64 {
    self - flooredDivision(by: divisor) * divisor
  }
}
