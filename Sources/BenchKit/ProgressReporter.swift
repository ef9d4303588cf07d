import Glibc
import StorageBase
import Synchronization

/// Tells a person how far long work has come, on standard error.
///
/// On a terminal one line is rewritten in place, cut to the terminal's width; elsewhere (a log, a
/// pipe) a plain line comes now and then. Thread-safe; calls between two updates cost a lock and
/// a look at the clock.
public final class ProgressReporter: Sendable {
  /// Where the text goes.
  public struct Output: Sendable {
    let isTerminal: Bool
    let columnCount: @Sendable () -> Int
    let write: @Sendable (String) -> Void

    /// - Parameter columnCount: the terminal's width; asked at every update, since windows change.
    public init(
      isTerminal: Bool, columnCount: @escaping @Sendable () -> Int,
      write: @escaping @Sendable (String) -> Void
    ) {
      self.isTerminal = isTerminal
      self.columnCount = columnCount
      self.write = write
    }

    /// Standard error. Text that cannot be written is dropped: progress is not worth a failure.
    public static let standardError = Output(
      isTerminal: isatty(STDERR_FILENO) == 1,
      columnCount: {
        var size = winsize()
        let isKnown = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        return isKnown ? Int(size.ws_col) : 80
      },
      write: { text in
        let bytes = Array(text.utf8)
        _ = bytes.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
      })
  }

  private struct State {
    var lastUpdate: Timestamp?
    var isLineOpen = false
  }

  private let output: Output
  private let clock: any TimeSource
  private let intervalSeconds: Double
  private let state = Mutex(State())

  /// - Parameters:
  ///   - terminalInterval: seconds between updates of the live line.
  ///   - plainInterval: seconds between plain lines.
  public init(
    clock: any TimeSource, output: Output = .standardError, terminalInterval: Double = 0.1,
    plainInterval: Double = 5
  ) {
    self.output = output
    self.clock = clock
    intervalSeconds = output.isTerminal ? terminalInterval : plainInterval
  }

  /// Shows `line` unless the last one is too fresh; it is not even built then.
  public func update(_ line: @autoclosure () -> String) {
    let now = clock.now()
    state.withLock { state in
      if let last = state.lastUpdate, now.seconds(since: last) < intervalSeconds { return }
      state.lastUpdate = now
      guard output.isTerminal else { return output.write(line() + "\n") }
      // The last column stays free: some terminals wrap when it is written.
      let visible = String(line().prefix(max(1, output.columnCount() - 1)))
      output.write("\r" + visible + Self.clearToEndOfLine)
      state.isLineOpen = true
    }
  }

  /// Writes a line that stays, above the live one.
  public func note(_ line: String) {
    state.withLock { state in
      output.write((state.isLineOpen ? "\r" + Self.clearToEndOfLine : "") + line + "\n")
      state.isLineOpen = false
      state.lastUpdate = nil
    }
  }

  /// Removes the live line, or leaves `lastLine` in its place. The reporter can be used again.
  public func finish(_ lastLine: String? = nil) {
    state.withLock { state in
      if state.isLineOpen { output.write("\r" + Self.clearToEndOfLine) }
      if let lastLine { output.write(lastLine + "\n") }
      state = State()
    }
  }

  private static let clearToEndOfLine = "\u{1B}[K"
}
