#if Kafka
  import CRdkafka
  import IngestDriver
  import ScanKernels
  import StorageBase

  /// Messages one after the other as one text of lines, and whose message a row is. Its memory is
  /// reused. Not thread-safe.
  final class MessageText {
    private static let lineFeed = UInt8(ascii: "\n")
    /// Messages are put together up to this many bytes, so that columns stay in the caches.
    private static let byteCountMax = 1 << 20

    private struct Part {
      let offset: Int64
      let lineCount: Int
      /// In the text.
      let end: Int
    }

    /// Of rows and of what could not be read, in their order.
    struct Offsets {
      let rows: AlignedBuffer
      let rejected: [Int64]
    }

    private var buffer = AlignedBuffer(byteCount: byteCountMax)
    private var byteCount = 0
    private var parts: [Part] = []
    /// How many messages the text is of.
    private(set) var messageCount = 0
    /// Of the message behind them.
    private(set) var nextOffset: Int64 = 0
    /// When the first of them came into being, if it says so.
    private(set) var firstTime: Timestamp?

    var bytes: UnsafeRawBufferPointer {
      UnsafeRawBufferPointer(rebasing: buffer.bytes[..<byteCount])
    }

    /// Takes the first messages, one at least, up to one that is an error.
    /// - Precondition: the first is no error, and lies before the end.
    /// - Parameter end: an offset; those from there on are not taken.
    /// - Returns: how many.
    func gather(_ messages: KafkaAssignment, atMost count: Int, before end: Int64) -> Int {
      parts.removeAll(keepingCapacity: true)
      (byteCount, messageCount, firstTime) = (0, 0, nil)
      while messageCount < max(1, min(count, messages.count)), let pointer = messages[messageCount],
        pointer.pointee.err == RD_KAFKA_RESP_ERR_NO_ERROR, pointer.pointee.offset < end
      {
        let message = pointer.pointee
        let length = message.payload == nil ? 0 : message.len
        if messageCount > 0, byteCount + length + 1 > Self.byteCountMax { break }
        if length > 0 {
          append(UnsafeRawBufferPointer(start: message.payload, count: length), message.offset)
        }
        if messageCount == 0 { firstTime = Self.time(of: pointer) }
        messageCount += 1
        nextOffset = message.offset + 1
      }
      return messageCount
    }

    private func append(_ payload: UnsafeRawBufferPointer, _ offset: Int64) {
      let needed = byteCount + payload.count + 1
      if needed > buffer.byteCount {
        let larger = AlignedBuffer(byteCount: needed)
        larger.mutableBytes.copyMemory(from: bytes)
        buffer = larger
      }
      let target = buffer.mutableBytes
      UnsafeMutableRawBufferPointer(rebasing: target[byteCount...]).copyMemory(from: payload)
      var lineCount = countOfLineEnds(in: payload)
      byteCount += payload.count
      if payload.last != Self.lineFeed {
        target[byteCount] = Self.lineFeed
        byteCount += 1
        lineCount += 1
      }
      parts.append(Part(offset: offset, lineCount: lineCount, end: byteCount))
    }

    /// The offsets of what was made of the text; nil when it cannot be told, or something of one
    /// message may have got into that of another. Of a single message it can always be told.
    ///
    /// Every row and everything that was rejected has a line at least; so if they are as many as
    /// the lines, each has one, and each line is of one message.
    func offsets(rowCount: Int, rejected: [UnreadableRow]) -> Offsets? {
      let isSingle = parts.count <= 1
      let lineCount = parts.reduce(0) { $0 + $1.lineCount }
      guard isSingle || rowCount + rejected.count == lineCount else { return nil }
      let rows = AlignedBuffer(byteCount: rowCount * 8)
      let values = rows.mutableValues(as: Int64.self)
      var rejectedOffsets: [Int64] = []
      var row = 0
      for part in parts {
        let before = rejectedOffsets.count
        while rejectedOffsets.count < rejected.count,
          isSingle || rejected[rejectedOffsets.count].bytes.lowerBound < part.end
        {
          rejectedOffsets.append(part.offset)
        }
        let count = isSingle ? rowCount : part.lineCount - (rejectedOffsets.count - before)
        guard count >= 0, row + count <= rowCount else { return nil }
        for index in row..<row + count { values[index] = part.offset }
        row += count
      }
      guard row == rowCount, rejectedOffsets.count == rejected.count else { return nil }
      return Offsets(rows: rows, rejected: rejectedOffsets)
    }

    private static func time(of message: KafkaAssignment.Message) -> Timestamp? {
      var kind = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE
      let milliseconds = rd_kafka_message_timestamp(message, &kind)
      guard kind != RD_KAFKA_TIMESTAMP_NOT_AVAILABLE, milliseconds >= 0 else { return nil }
      return Timestamp(rawValue: milliseconds * 1000)
    }
  }
#endif
