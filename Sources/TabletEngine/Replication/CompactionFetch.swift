import SegmentFormat
import StorageBase
import StorageIO
import TabletModel

/// Takes over the output of another replica's compaction, in the place of a merge.
struct CompactionFetch: Sendable {
  let board: OfferBoard
  let peer: ReplicaID
  let offer: CompactionOffer
  /// The own rowsets that it follows from by known steps; nil when a step is not known.
  let expected: [ExpectedRowset]?

  /// Fetches the output if it is what a merge of these inputs would give, and writes its files.
  ///
  /// - Parameters:
  ///   - inputs: the rowsets that it is to replace.
  ///   - isCancelled: asked once per message, or per page that is read for a digest.
  ///   - create: makes the file of output segment `n`.
  /// - Throws: `FetchRefusal`, `StorageError`, `CancellationError`, or what the way to the other
  ///   replica throws.
  func run(
    _ inputs: [Rowset], _ definition: TableDefinition, isCancelled: () -> Bool,
    create: (_ ordinal: Int) throws -> any WritableFile,
    read: (_ ordinal: Int) throws -> any ReadableFile
  ) throws -> SegmentMerger.Result {
    let sameness = try compare(inputs, definition, isCancelled)
    var result = SegmentMerger.Result()
    for ordinal in offer.segments.indices {
      try fetch(ordinal, into: try create(ordinal), isCancelled)
      let rowCount = try SegmentReader(file: read(ordinal)).rowCount
      result.segments.append(
        SegmentMerger.Result.Segment(
          byteCount: offer.segments[ordinal].byteCount, rowCount: rowCount))
      result.rowCount += rowCount
    }
    guard result.rowCount == offer.rowCount else {
      throw FetchRefusal.otherOutput(
        offer.versions, "\(result.rowCount) rows in place of \(offer.rowCount)")
    }
    guard definition.uniqueKeys?.merge == .onWrite else { return result }
    switch sameness {
    case .bytes: try fetchConversion(inputs, into: &result, isCancelled)
    case .steps, .rows: try findConversion(inputs, definition, into: &result)
    }
    return result
  }

  /// In what the inputs are those of the other replica.
  private enum Sameness {
    /// And in what is deleted of them: a merge of them would give the output, byte for byte.
    case bytes
    /// The same, but by merges in several steps.
    case steps
    /// Only in the rows that are there when the output ends.
    case rows
  }

  /// Where bytes differ, as they do when one of the replicas has merged in other steps, both sides
  /// read and count their rows. That says all there is to say where a merge keeps the rows that are
  /// there, and no others.
  private func compare(
    _ inputs: [Rowset], _ definition: TableDefinition, _ isCancelled: () -> Bool
  ) throws -> Sameness {
    let last = offer.versions.last
    guard inputs.allSatisfy(\.deltas.isEmpty) else {
      throw FetchRefusal.otherInputs(offer.versions, "there are deltas")
    }
    let own = try inputs.map { try $0.fingerprint(at: last) }
    do throws(FetchRefusal) {
      try offer.requireSameInputs(own, definition: definition.fingerprint)
      return .bytes
    } catch {
      guard definition.mergesTheSameInOtherSteps, error != .otherDefinition else { throw error }
      if try followsBySteps(inputs) { return .steps }
      guard offer.versions.first == own.first?.versions.first, last == own.last?.versions.last
      else { throw error }
      let live = inputs.flatMap(\.segments).map {
        LiveSegment(segment: $0, deleted: $0.deletes.rows(at: last))
      }
      let mine = try RowDigest(of: live, definition, isCancelled: isCancelled)
      guard mine.rowCount == offer.rowCount,
        case .digest(let theirs) = try board.ask(peer, .digest(offer.id)), mine == theirs
      else { throw FetchRefusal.otherInputs(offer.versions, "they have other rows") }
      return .rows
    }
  }

  private func followsBySteps(_ inputs: [Rowset]) throws -> Bool {
    guard let expected, expected.count == inputs.count else { return false }
    return try zip(inputs, expected).allSatisfy { rowset, expected in
      try rowset.fingerprint(at: expected.version) == expected.fingerprint
    }
  }

  private func fetch(
    _ ordinal: Int, into file: any WritableFile, _ isCancelled: () -> Bool
  ) throws {
    let expected = offer.segments[ordinal]
    var builder = FingerprintBuilder()
    try receive(expected.byteCount, isCancelled) { offset, count in
      .segment(offer.id, ordinal: ordinal, offset: offset, count: count)
    } body: { bytes in
      try bytes.withUnsafeBytes {
        builder.add($0)
        try file.append($0)
      }
    }
    guard builder.fingerprint == expected else {
      throw FetchRefusal.otherOutput(offer.versions, "segment \(ordinal) has other bytes")
    }
  }

  /// Calls `body` with what comes, in steps of a fingerprint.
  private func receive(
    _ byteCount: Int, _ isCancelled: () -> Bool,
    _ request: (_ offset: UInt64, _ count: Int) -> ReplicaRequest,
    body: ([UInt8]) throws -> Void
  ) throws {
    var step: [UInt8] = []
    var offset = 0
    while offset < byteCount {
      if isCancelled() { throw CancellationError() }
      let room = FingerprintBuilder.stepByteCount - step.count
      let count = min(board.messageByteCount, byteCount - offset, room)
      guard case .bytes(let bytes) = try board.ask(peer, request(UInt64(offset), count)),
        bytes.count == count
      else { throw FetchRefusal.otherOutput(offer.versions, "it ends at byte \(offset)") }
      step += bytes
      offset += count
      if step.count == FingerprintBuilder.stepByteCount || offset == byteCount {
        try body(step)
        step.removeAll(keepingCapacity: true)
      }
    }
  }

  /// Where the rows of the inputs have gone. The inputs are those of the other replica, byte for
  /// byte, so their rows have gone the same way.
  private func fetchConversion(
    _ inputs: [Rowset], into result: inout SegmentMerger.Result, _ isCancelled: () -> Bool
  ) throws {
    let segments = try inputs.flatMap(\.segments).map { try $0.reader().rowCount }
    var bytes: [UInt8] = []
    while true {
      if isCancelled() { throw CancellationError() }
      let request = ReplicaRequest.conversion(
        offer.id, offset: UInt64(bytes.count), count: board.messageByteCount)
      guard case .bytes(let next) = try board.ask(peer, request) else {
        throw FetchRefusal.otherOutput(offer.versions, "no row conversion came")
      }
      bytes += next
      let rowCount = segments.reduce(0, +) + result.rowCount
      guard bytes.count <= 64 + 16 * (rowCount + segments.count + result.segments.count) else {
        throw FetchRefusal.otherOutput(offer.versions, "the row conversion is too long")
      }
      if next.count < board.messageByteCount { break }
    }
    let sent = try SentConversion(
      decoding: bytes, inputs: segments, outputs: result.segments.map(\.rowCount))
    result.conversion = RowConversion(sent.destinations)
    result.deleteSigns = sent.deleteSigns
  }

  /// Finds out where the rows of the inputs have gone by merging their keys: those of the output
  /// are the same ones, and in the same order, since there is one row of each.
  private func findConversion(
    _ inputs: [Rowset], _ definition: TableDefinition, into result: inout SegmentMerger.Result
  ) throws {
    let merger = try SegmentMerger(
      definition: definition, segmentRowCountMax: .max,
      isBase: offer.versions.first == VersionRange.initial.first)
    let found = try merger.conversion(of: merger.inputs(of: inputs, at: offer.versions.last))
    guard found.rowCount == result.rowCount else {
      throw FetchRefusal.otherOutput(
        offer.versions, "\(result.rowCount) rows in place of \(found.rowCount)")
    }
    result.conversion = found.conversion
    result.deleteSigns = result.segments.map { _ in [] }
  }
}

extension TableDefinition {
  /// Whether a merge keeps the rows that are there, and no others, so that it does not matter in
  /// which steps it is made. With a sequence column deletions are kept as long as older rows may
  /// come; where readers merge, rows are kept that nobody sees.
  var mergesTheSameInOtherSteps: Bool {
    uniqueKeys.map { $0.merge == .onWrite && $0.sequenceColumn == nil } ?? true
  }
}
