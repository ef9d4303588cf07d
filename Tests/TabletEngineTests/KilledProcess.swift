import Glibc
import StorageIO
import Testing

/// A program that is started, listened to, and killed.
enum KilledProcess {
  /// Starts a program that lies beside the one that runs the tests, and kills it when `isEnough`.
  ///
  /// - Parameter isEnough: asked after every piece of output, and about every millisecond without
  ///   one, with the number of whole lines so far.
  /// - Returns: the whole lines of its standard output; one cut off by the kill says nothing.
  static func run(
    _ program: String, _ arguments: [String], killingWhen isEnough: (_ lines: Int) -> Bool
  ) throws -> [String] {
    var ends: [Int32] = [0, 0]
    try #require(pipe(&ends) == 0)
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    let child = try ChildProgram.start(program, arguments, output: ends[1])
    close(ends[1])
    let text = listen(to: ends[0], child: child, isEnough)
    close(ends[0])
    var status: Int32 = 0
    waitpid(child, &status, 0)
    #expect(status & 0x7F == SIGKILL, "the child ended by itself, status \(status)")
    let lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    return lines.dropLast().map { String(decoding: $0, as: UTF8.self) }
  }

  private static func listen(
    to descriptor: Int32, child: pid_t, _ isEnough: (Int) -> Bool
  ) -> [UInt8] {
    var text: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    var lineCount = 0
    var isKilled = false
    while true {
      var state = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      if poll(&state, 1, 1) != 0 {
        let received = read(descriptor, &chunk, chunk.count)
        if received <= 0 { return text }
        text.append(contentsOf: chunk[..<received])
        lineCount += chunk[..<received].count { $0 == UInt8(ascii: "\n") }
      }
      if !isKilled, isEnough(lineCount) {
        kill(child, SIGKILL)
        isKilled = true
      }
    }
  }

  static func removeTree(_ path: String) {
    let files = PosixFileSystem()
    for name in (try? files.listDirectory(path)) ?? [] {
      let child = "\(path)/\(name)"
      if (try? files.remove(child)) == nil { removeTree(child) }
    }
    try? files.removeDirectory(path)
  }
}
