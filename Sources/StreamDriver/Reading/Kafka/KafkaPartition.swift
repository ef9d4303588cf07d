#if Kafka
  import CRdkafka
  import IngestDriver
  import ScanKernels
  import StorageBase
  import StreamTransforms

  /// The rows of a partition of a topic. Its position counts messages. Not thread-safe.
  ///
  /// Messages without a payload say that a key is gone; they have no row and are passed over. A
  /// partition whose leader is away while other brokers are there has nothing to give until it is
  /// back, or another one leads.
  final class KafkaPartition: PartitionReader {
    /// How often a partition that has nothing is looked at.
    private static let pollSeconds = 0.005

    private let assignment: KafkaAssignment
    private let name: String
    private let rowText: RowText
    private var decoder: RowDecoder
    private let text: MessageText
    private let takesMessagesOneByOne: Bool
    private let end: Int64?
    private let clock: any TimeSource
    private(set) var position: SourcePosition
    /// Everything before has been read, also where there are no messages.
    private var reached: Int64
    /// Messages that may be decoded together: fewer where one is near that does not go with others.
    private var togetherMax = Int.max

    /// - Parameters:
    ///   - rowText: what the rows of messages are.
    ///   - columns: of the rows there; nil for those of the beginning.
    ///   - position: of the first message of the assignment.
    ///   - end: the first offset that is not read; nil for none.
    init(
      _ assignment: KafkaAssignment, name: String, _ rowText: RowText, columns: RowColumns?,
      at position: SourcePosition, end: Int64?, clock: any TimeSource
    ) throws {
      self.assignment = assignment
      self.name = name
      self.rowText = rowText
      decoder = try RowDecoder(rowText.mapping(columns), path: name)
      takesMessagesOneByOne = rowText.first.json?.hasOuterArray ?? false
      self.position = position
      self.end = end
      self.clock = clock
      text = MessageText()
      reached = Int64(position.offset)
    }

    /// - Parameter maxRows: counts messages; one may have several rows.
    func read(maxRows: Int) throws -> SourceReading {
      if let end, reached >= end { return .ended }
      try assignment.fill()
      try passSigns()
      if let end, reached >= end { return .ended }
      guard assignment.count > 0 else {
        return .waiting(until: clock.now().advanced(bySeconds: Self.pollSeconds))
      }
      var count = takesMessagesOneByOne ? 1 : min(maxRows, togetherMax)
      if let found = firstChange(among: count) {
        if found.place == 0 { return .change(found.event, next: positionBehindFirst) }
        count = found.place
      }
      while true {
        count = text.gather(assignment, atMost: count, before: end ?? .max)
        let decoded = try decoder.decode(text.bytes)
        let rowCount = decoded.rows?.batch.rowCount ?? 0
        if let offsets = text.offsets(rowCount: rowCount, rejected: decoded.rejected) {
          return .rows(give(decoded, offsets))
        }
        // One of the messages does not keep to its lines: a quote that is not closed takes those
        // that follow with it. They are halved until it is alone.
        count /= 2
        togetherMax = count
      }
    }

    // MARK: Changes of columns

    /// The first of some messages that is a change.
    private func firstChange(among count: Int) -> (event: SchemaEvent, place: Int)? {
      guard let finder = rowText.finder else { return nil }
      var place = 0
      while place < count, let message = assignment[place]?.pointee,
        message.err == RD_KAFKA_RESP_ERR_NO_ERROR, message.offset < end ?? .max
      {
        if let payload = message.payload {
          let bytes = UnsafeRawBufferPointer(start: payload, count: message.len)
          if let found = finder.first(in: bytes), found.line.count == bytes.count {
            return (found.event, place)
          }
        }
        place += 1
      }
      return nil
    }

    private var positionBehindFirst: SourcePosition {
      var next = position
      next.offset = UInt64((assignment[0]?.pointee.offset ?? reached) + 1)
      next.rowCount += 1
      return next
    }

    func pass(_ columns: RowColumns) throws {
      position = positionBehindFirst
      reached = Int64(position.offset)
      assignment.drop(1)
      decoder = try RowDecoder(rowText.mapping(columns), path: name)
    }

    private func give(
      _ decoded: RowDecoder.Decoded, _ offsets: MessageText.Offsets
    ) -> SourceBatch {
      if togetherMax < Int.max / 2 { togetherMax *= 2 }
      let unreadable = zip(decoded.rejected, offsets.rejected).map { row, offset in
        RejectedRow(
          partition: name, offset: offset, rule: "read",
          reason: (row.column.map { "column \($0): " } ?? "") + row.reason,
          row: String(decoding: text.bytes[row.bytes], as: UTF8.self))
      }
      let batch = SourceBatch(
        rows: StreamBatch(
          rows: decoded.rows?.batch ?? decoder.schema.emptyBatch, partition: name,
          offsets: .listed(offsets.rows), given: decoded.rows?.givenColumns ?? []),
        dueAt: text.firstTime ?? clock.now(), byteCount: text.bytes.count,
        unreadable: unreadable)
      reached = text.nextOffset
      position.offset = UInt64(reached)
      position.rowCount += UInt64(text.messageCount)
      assignment.drop(text.messageCount)
      return batch
    }

    /// Takes what is no message from the head of those that are here.
    /// - Throws: what it says, when it is an error.
    private func passSigns() throws {
      while let message = assignment[0]?.pointee,
        message.err != RD_KAFKA_RESP_ERR_NO_ERROR
      {
        defer { assignment.drop(1) }
        switch message.err {
        case RD_KAFKA_RESP_ERR__PARTITION_EOF: reached = max(reached, message.offset)
        case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET, RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
          let offsets = try assignment.client.offsets(of: assignment.partition)
          throw StorageError.damaged(
            path: name,
            problems: [
              "offset \(position.offset) is gone; there are \(offsets.lowerBound) up to "
                + "\(offsets.upperBound)"
            ], remedy: KafkaStream.remedy)
        default: throw assignment.client.error(message.err, "read")
        }
      }
    }
  }
#endif
