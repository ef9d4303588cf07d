import ScanKernels
import StorageBase
import TabletEngine

// Time travel, in the words of Apache Doris (FOR VERSION AS OF, FOR TIME AS OF), of SQL:2011
// (SYSTEM_TIME) and of Apache Spark (TIMESTAMP AS OF, without FOR).
extension SQLParser {
  private static let versionWords = ["version", "system_version"]
  private static let timeWords = ["time", "timestamp", "system_time"]

  /// `[FOR] VERSION AS OF number`, `[FOR] TIME AS OF 'time'`, or nothing.
  mutating func moment() throws -> Moment? {
    let words = Self.versionWords + Self.timeWords
    let isIntroduced = next.isWord("for")
    guard isIntroduced || (words.contains(where: next.isWord) && following.isWord("as")) else {
      return nil
    }
    if isIntroduced { advance() }
    guard words.contains(where: next.isWord) else { throw expected("VERSION or TIME after FOR") }
    let isVersion = Self.versionWords.contains(where: next.isWord)
    advance()
    try expect("as")
    try expect("of")
    return isVersion ? .sequence(try commitNumber()) : .time(try time())
  }

  private mutating func commitNumber() throws -> UInt64 {
    guard case .number(let digits) = next.kind, let number = UInt64(digits) else {
      throw expected("the number of a commit")
    }
    advance()
    return number
  }

  private mutating func time() throws -> Timestamp {
    if next.isWord("timestamp"), case .string = following.kind { advance() }
    guard case .string(let text) = next.kind else {
      throw expected("a time in quotes, such as '2026-11-27 01:02:03'")
    }
    guard let microseconds = ValueText.datetime(of: text) else {
      throw error("'\(text)' is no time: write 'YYYY-MM-DD HH:MM:SS', in UTC")
    }
    advance()
    return Timestamp(rawValue: microseconds)
  }
}
