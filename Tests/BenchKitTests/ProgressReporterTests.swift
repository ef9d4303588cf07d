import StorageBase
import Synchronization
import Testing

@testable import BenchKit

struct ProgressReporterTests {
  /// Keeps what was written.
  private final class Screen: Sendable {
    private let pieces = Mutex<[String]>([])
    var text: String { pieces.withLock { $0.joined() } }

    func output(isTerminal: Bool, columnCount: Int = 80) -> ProgressReporter.Output {
      ProgressReporter.Output(
        isTerminal: isTerminal, columnCount: { columnCount },
        write: { [self] piece in pieces.withLock { $0.append(piece) } })
    }

    /// What a terminal shows: lines and the one being rewritten.
    var shown: [String] {
      var lines = [""]
      for character in text.replacing("\u{1B}[K", with: "\u{0}").unicodeScalars {
        switch character {
        // Every rewrite begins with a carriage return and ends by clearing the rest, so the
        // old line may be dropped at once.
        case "\r": lines[lines.count - 1] = ""
        case "\n": lines.append("")
        case "\u{0}": continue
        default: lines[lines.count - 1].unicodeScalars.append(character)
        }
      }
      return lines
    }
  }

  @Test func aTerminalHasOneLiveLine() {
    let screen = Screen()
    let clock = ManualClock()
    let reporter = ProgressReporter(
      clock: clock, output: screen.output(isTerminal: true, columnCount: 10))
    reporter.update("one")
    reporter.update("too soon")
    #expect(screen.shown == ["one"])
    clock.advance(bySeconds: 0.2)
    reporter.update("longer than the line")
    #expect(screen.shown == ["longer th"])
    reporter.note("stays")
    #expect(screen.shown == ["stays", ""])
    reporter.update("at once after a note")
    reporter.finish()
    #expect(screen.shown == ["stays", ""])
    reporter.update("again")
    reporter.finish("done")
    #expect(screen.shown == ["stays", "done", ""])
  }

  @Test func elsewhereLinesComeNowAndThen() {
    let screen = Screen()
    let clock = ManualClock()
    let reporter = ProgressReporter(
      clock: clock, output: screen.output(isTerminal: false), plainInterval: 5)
    for step in 0..<100 {
      reporter.update("step \(step)")
      clock.advance(bySeconds: 0.125)
    }
    reporter.finish("done")
    #expect(screen.text == "step 0\nstep 40\nstep 80\ndone\n")
  }
}
