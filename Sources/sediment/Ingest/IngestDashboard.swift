import Glibc
import QueryEngine
import StorageBase
import StorageIO
import StreamDriver
import TabletEngine

/// The questions of a pipeline and their answers: live on a terminal, and once at the end. Not
/// thread-safe.
final class IngestDashboard {
  /// How often the questions are asked while somebody looks.
  private static let seconds = 1.0

  private let store: Store
  private let questions: [DashboardQuery]
  private let clock = MonotonicClock()
  private let isLive: Bool
  private var nextAt: UInt64 = 0
  /// Lines on the screen that the next answers take the place of.
  private var lineCount = 0

  init(_ questions: [DashboardQuery], store: Store) {
    self.questions = questions
    self.store = store
    isLive = !questions.isEmpty && isatty(STDOUT_FILENO) == 1 && isatty(STDERR_FILENO) == 1
  }

  /// Asks and shows, if it is time and somebody looks.
  /// - Parameter makeRoom: takes other things off the screen first.
  func refresh(_ makeRoom: () -> Void) throws {
    guard isLive, clock.now() >= nextAt else { return }
    nextAt = clock.now() + UInt64(Self.seconds * 1e9)
    makeRoom()
    try show()
  }

  /// The answers as they are now, in place of those before.
  func show() throws {
    guard !questions.isEmpty else { return }
    let text = try questions.map { "\($0.title)\n" + (try answer($0)) }.joined()
    // Up to where the last ones began, and everything below is cleared.
    let back = lineCount > 0 ? "\u{1B}[\(lineCount)F\u{1B}[J" : ""
    print(back + text, terminator: "")
    fflush(nil)
    lineCount = isLive ? text.count { $0 == "\n" } : 0
  }

  private func answer(_ question: DashboardQuery) throws -> String {
    let statement = try SQLStatement(question.sql)
    let table = try store.snapshot(of: statement.tableName)
    let query = try statement.bound(to: table.definition.schema)
    let result = try query.run(on: table).result
    return "\(ResultTable(result))\n"
  }
}
