import StorageBase

/// The names of everything in a store's directory (see FORMAT.md).
struct StoreLayout: Hashable, Sendable {
  let root: String

  var identity: String { root + "/SEDIMENT" }
  var lock: String { root + "/LOCK" }
  var logDirectory: String { root + "/log" }
  var checkpointDirectory: String { root + "/checkpoint" }
  var dataDirectory: String { root + "/data" }

  /// What repairs have taken out, a directory for each.
  var quarantineDirectory: String { root + "/quarantine" }

  func log(_ number: UInt32) -> String { "\(logDirectory)/\(padded(number)).log" }

  func checkpoint(_ number: UInt32) -> String {
    "\(checkpointDirectory)/\(padded(number)).ckpt"
  }

  func tabletDirectory(_ tablet: TabletID) -> String { "\(dataDirectory)/\(tablet)" }

  func segment(tablet: TabletID, rowset: RowsetID, ordinal: Int) -> String {
    "\(tabletDirectory(tablet))/\(rowset)-\(ordinal).seg"
  }

  /// The number in the name of a log or checkpoint file; nil for other names.
  static func number(in name: String, suffix: String) -> UInt32? {
    name.hasSuffix(suffix) ? UInt32(name.dropLast(suffix.count)) : nil
  }

  private func padded(_ number: UInt32) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, 10 - digits.count)) + digits
  }
}
