import StorageIO

/// The bytes that another program writes to this one.
final class StandardInputBytes: ByteInput {
  /// How long a read waits: checkpoints wait for it.
  private static let waitMilliseconds: Int32 = 20
  private let input: StandardInput

  init(_ input: StandardInput) { self.input = input }

  var isWhole: Bool { true }
  var hasEnded: Bool { input.hasEnded }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    try input.read(into: buffer, waitingAtMost: Self.waitMilliseconds)
  }
}
