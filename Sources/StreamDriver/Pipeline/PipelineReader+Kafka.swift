import ConfigReading
import Yams

extension PipelineReader {
  static let kafkaKeys = ["brokers", "format", "mapping", "follow", "options"]

  mutating func topic(_ keys: [String: Node], in source: Node) -> KafkaSpec? {
    #if !Kafka
      complain(keys["kafka"], KafkaSpec.absence)
    #endif
    let topic = text(keys["kafka"], "kafka")
    for key in ["brokers", "mapping"] where keys[key] == nil {
      complain(source, "kafka needs \(key): \(key == "brokers" ? "HOST:PORT" : "FILE")")
    }
    let brokers = texts(keys["brokers"], "brokers")
    for broker in brokers ?? [] where !Self.isAddress(broker) {
      complain(keys["brokers"], "brokers has \"\(broker)\"; expected HOST:PORT")
    }
    let format = choice(keys["format"], "format", as: TextSpec.Format.self)
    let mapping = text(keys["mapping"], "mapping")
    let follow = flag(keys["follow"], "follow")
    var options: [String: String] = [:]
    if let node = keys["options"] { options = self.options(node) }
    guard let topic, let brokers, let mapping else { return nil }
    var spec = KafkaSpec(
      topic: topic, brokers: brokers, mapping: mapping, format: format ?? .json)
    spec.isFollowed = follow ?? true
    spec.options = options
    return spec
  }

  private static func isAddress(_ text: String) -> Bool {
    guard let colon = text.lastIndex(of: ":"), colon != text.startIndex else { return false }
    return UInt16(text[text.index(after: colon)...]) != nil && !text.contains(",")
  }

  private mutating func options(_ node: Node) -> [String: String] {
    guard let mapping = node.mapping else {
      complain(node, "options are such as {security.protocol: ssl}")
      return [:]
    }
    var options: [String: String] = [:]
    for (key, value) in mapping {
      guard let name = text(key, "a name") else { continue }
      guard let setting = value.scalar?.string else {
        complain(value, "\(name) is \(shown(value)); expected a text")
        continue
      }
      #if Kafka
        if let reason = KafkaConfiguration.objection(to: name, setting) {
          complain(key, reason)
          continue
        }
      #endif
      options[name] = setting
    }
    return options
  }
}
