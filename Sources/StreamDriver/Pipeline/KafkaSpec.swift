/// A topic of Kafka whose messages are rows.
public struct KafkaSpec: Hashable, Sendable {
  public var topic: String
  /// `HOST:PORT`, those that are asked first; the others of the cluster they tell.
  public var brokers: [String]
  /// A message is a JSON object or a row of delimited text, or several of them, a line each.
  public var format: TextSpec.Format
  /// The file that says what the columns are.
  public var mapping: String
  /// Whether to wait for more; otherwise a partition ends where it ended when the run began.
  public var isFollowed = true
  /// Passed on to librdkafka: encryption, names, sizes.
  public var options: [String: String] = [:]

  public init(
    topic: String, brokers: [String], mapping: String, format: TextSpec.Format = .json
  ) {
    self.topic = topic
    self.brokers = brokers
    self.mapping = mapping
    self.format = format
  }

  /// What is wrong with programs that were built without the trait `Kafka`.
  static let absence = """
    this program was built without Kafka; build it with it: ./dev setup --kafka, then \
    swift build -c release --traits Kafka
    """
}
