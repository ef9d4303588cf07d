import StorageBase

/// A decoder that is fed hostile bytes: by a fuzzer that looks for new paths, and by the tests that
/// replay what was found.
///
/// Each target ends normally or traps. The decoder may refuse the bytes, but only by throwing
/// `StorageError`: any other error, like a crash of its own, is a mistake.
public enum FuzzTarget: String, CaseIterable, Sendable {
  /// A whole segment file: footer, directories, pages. Checksums are made right first.
  case segment
  /// One page of a column, inside a segment made for it.
  case page
  /// An inverted index: footer, dictionary, postings. Checksums are made right first.
  case index
  /// Records of the log, inside frames made for them, or a whole log file.
  case log
  /// A checkpoint of a store.
  case checkpoint
  /// An input mapping in YAML.
  case mapping
  /// A CSV file, read by a guessed mapping and by one with every type.
  case csv
  /// A file of JSON objects, read by a guessed mapping and by paths of every type.
  case json
  /// A pipeline file in YAML.
  case pipeline
  /// A checkpoint of a stream. Its checksum is made right first.
  case stream
  /// The state of windows in such a checkpoint.
  case window
  /// The changes of columns in such a checkpoint, and what they make of rows.
  case changes
  /// A trace of a run: its text, and what is worked out of it.
  case trace

  /// Hands the bytes to the decoder. Thread-safe; linear in the bytes, about.
  /// - Returns: whether the decoder took them.
  @discardableResult
  public func run(_ bytes: UnsafeRawBufferPointer) -> Bool {
    let input = Array(bytes)
    do {
      switch self {
      case .segment: try SegmentFuzz.run(input)
      case .page: try PageFuzz.run(input)
      case .index: try IndexFuzz.run(input)
      case .log: try StoreFuzz.runLog(input)
      case .checkpoint: try StoreFuzz.runCheckpoint(input)
      case .mapping: try TextFuzz.runMapping(input)
      case .csv: try TextFuzz.runCSV(input)
      case .json: try JSONFuzz.run(input)
      case .pipeline: try StreamFuzz.runPipeline(input)
      case .stream: try StreamFuzz.runCheckpoint(input)
      case .window: try StreamFuzz.runWindow(input)
      case .changes: try StreamFuzz.runChanges(input)
      case .trace: try TraceFuzz.run(input)
      }
      return true
    } catch {
      precondition(error is StorageError, "\(self): an untyped error: \(error)")
      // The text of an error is made from hostile bytes as well.
      precondition(!"\(error)".isEmpty)
      return false
    }
  }
}
