import ConfigReading
import ScanKernels
import StorageBase
import Yams

extension ConfigReader {
  /// Reads a list of steps:
  ///
  /// ```yaml
  /// - standardise:
  ///     - {column: at, from: created, type: datetime, formats: [iso, epoch_ms]}
  ///     - {column: status, trim: true, case: lower, "null": ["", n/a], default: new}
  ///     - {column: price, type: "decimal(18,2)", on_failure: divert}   # drop, null, default
  /// - clean:
  ///     - {column: price, range: [0, 10000], else: divert}    # drop, clamp, {fix: 0}
  ///     - {column: price, not_null: true, else: {fix: 0}}
  ///     - {column: name, length: [0, 40], else: clamp}
  ///     - {column: status, one_of: [new, paid], else: {fix: new}}
  ///     - {column: phone, characters: digits}                 # letters, alphanumeric, ...
  ///     - {column: mail, like: "%@%"}
  ///     - {column: at, within: {past: 7d, future: 5m}}
  ///     - {check: "price * quantity <= 1000000", name: not too much, else: drop}
  /// - mask:
  ///     - {column: phone, keep: {prefix: 3, suffix: 4}}
  ///     - {column: mail, hash: secret}                        # the name of a key
  ///     - {column: card, aes: cards}                          # the name of a cipher
  ///     - {column: note, replace: "***"}
  /// - compute: {revenue: price * quantity, day: "date_trunc('day', at)"}
  /// - filter: status <> 'test'
  /// - lookup: {table: users, on: {user_id: id}, add: {city: user_city}, miss: "null"}
  /// - select: [at, status, revenue]
  /// ```
  ///
  /// `range` takes `null` for an open end. A lookup also takes `cache` (bytes), `cache_rows`,
  /// `ttl`, and as `miss` one of `null`, `drop`, `divert`, `fail` or values of its columns; `add`
  /// may be a list of columns that keep their names. A step may have a `name`.
  public mutating func transforms(_ node: Node?) -> [TransformStep] {
    guard let node else { return [] }
    guard let sequence = node.sequence else {
      complain(node, "transforms must be a list of steps, such as - filter: amount > 0")
      return []
    }
    return sequence.enumerated().compactMap { transform($1, number: $0 + 1) }
  }

  private mutating func transform(_ node: Node, number: Int) -> TransformStep? {
    let kinds = ["standardise", "clean", "mask", "compute", "filter", "lookup", "select"]
    guard let keys = members(of: node, among: kinds + ["name"]) else { return nil }
    let present = kinds.filter { keys[$0] != nil }
    guard present.count == 1, let value = keys[present[0]] else {
      // A key that is not known has been complained of.
      if present.count > 1 || node.mapping?.isEmpty == true {
        complain(node, "a step is one of \(kinds.joined(separator: ", "))")
      }
      return nil
    }
    let name = text(keys["name"], "name") ?? "\(number) \(present[0])"
    let transform: Transform?
    switch present[0] {
    case "standardise": transform = .standardise(list(value, "standardise") { $0.field($1) })
    case "clean": transform = .clean(list(value, "clean") { $0.rule($1) })
    case "mask": transform = .mask(list(value, "mask") { $0.masking($1) })
    case "compute": transform = .compute(computed(value))
    case "filter": transform = expression(value, "filter").map { .filter($0) }
    case "lookup": transform = join(value).map { .lookup($0) }
    default: transform = texts(value, "select").map { .select($0) }
    }
    return transform.map { TransformStep(name, $0, place: value.place) }
  }

  private mutating func list<Element>(
    _ node: Node, _ key: String, _ read: (inout Self, Node) -> Element?
  ) -> [Element] {
    guard let sequence = node.sequence, !sequence.isEmpty else {
      complain(node, "\(key) must be a list such as [{column: name, ...}]")
      return []
    }
    var elements: [Element] = []
    for node in sequence {
      if let element = read(&self, node) { elements.append(element) }
    }
    return elements
  }

  /// An expression as `RowExpression(parsing:)` reads it.
  public mutating func expression(_ node: Node?, _ key: String) -> RowExpression? {
    guard let node, let text = text(node, key) else { return nil }
    do {
      return try RowExpression(parsing: text)
    } catch {
      complain(node, "\(key): \(error)")
      return nil
    }
  }

  /// A constant: quoted texts are texts, other scalars what they look like.
  public mutating func literal(_ node: Node, _ key: String) -> Literal? {
    guard let text = node.string, let scalar = node.scalar else {
      complain(node, "\(key) is \(shown(node)); expected one value")
      return nil
    }
    guard scalar.style == .plain else { return .string(text) }
    if node.null != nil { return .null }
    if let flag = node.bool { return .boolean(flag) }
    guard let first = text.utf8.first, (0x30...0x39).contains(first) || first == 0x2D else {
      return .string(text)
    }
    do {
      if case .literal(let literal) = try RowExpression(parsing: text) { return literal }
    } catch {
      // A date begins with a digit too.
      return .string(text)
    }
    return .string(text)
  }

  private mutating func computed(_ node: Node) -> [ComputedColumn] {
    guard let mapping = node.mapping, !mapping.isEmpty else {
      complain(node, "compute must be names with expressions, such as {total: price * quantity}")
      return []
    }
    var columns: [ComputedColumn] = []
    for (key, value) in mapping {
      guard let name = text(key, "a name"), let expression = expression(value, name) else {
        continue
      }
      columns.append(ComputedColumn(name, expression))
    }
    return columns
  }

  private mutating func field(_ node: Node) -> FieldStandard? {
    let known = [
      "column", "from", "type", "trim", "case", "null", "formats", "default", "on_failure",
    ]
    guard let keys = members(of: node, among: known) else { return nil }
    guard let column = text(keys["column"], "column") else {
      if keys["column"] == nil { complain(node, "it names no column") }
      return nil
    }
    var field = FieldStandard(column, from: text(keys["from"], "from"))
    if let type = keys["type"] { field.type = dataType(type) }
    field.trim = flag(keys["trim"], "trim") ?? false
    field.letterCase = choice(keys["case"], "case")
    // The empty text is a marker like others.
    if let markers = keys["null"] {
      field.nullMarkers = (markers.sequence.map { Array($0) } ?? [markers]).compactMap(\.string)
    }
    field.patterns = texts(keys["formats"], "formats") ?? []
    field.defaultText = keys["default"]?.string
    field.onFailure = choice(keys["on_failure"], "on_failure") ?? .divert
    return field
  }

  private mutating func dataType(_ node: Node) -> DataType? {
    if let type = node.string.flatMap({ DataType($0) }) { return type }
    let known = [
      "bool", "int8", "int16", "int32", "int64", "float", "double", "decimal(18,2)", "date",
      "datetime", "string",
    ]
    let remedy = suggestion(for: node.string ?? "", among: known)
    complain(node, "unknown type \(shown(node)); \(remedy)")
    return nil
  }

  private mutating func masking(_ node: Node) -> MaskingRule? {
    let methods = ["keep", "hash", "aes", "replace"]
    guard let keys = members(of: node, among: ["column"] + methods) else { return nil }
    guard let column = text(keys["column"], "column") else {
      if keys["column"] == nil { complain(node, "it names no column") }
      return nil
    }
    let present = methods.filter { keys[$0] != nil }
    guard present.count == 1, let value = keys[present[0]] else {
      complain(node, "a mask is one of \(methods.joined(separator: ", "))")
      return nil
    }
    switch present[0] {
    case "keep":
      guard let ends = members(of: value, among: ["prefix", "suffix"]) else { return nil }
      let range = 0...Limits.stringByteCountMax
      return MaskingRule(
        column,
        .keep(
          prefix: integer(ends["prefix"], "prefix", in: range) ?? 0,
          suffix: integer(ends["suffix"], "suffix", in: range) ?? 0))
    case "hash": return text(value, "hash").map { MaskingRule(column, .hash(key: $0)) }
    case "aes": return text(value, "aes").map { MaskingRule(column, .encrypt(cipher: $0)) }
    default: return value.string.map { MaskingRule(column, .replace($0)) }
    }
  }
}
