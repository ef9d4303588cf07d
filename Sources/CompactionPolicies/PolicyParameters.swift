import StorageBase

/// One parameter of a policy, as declared, with the value it has.
public struct PolicyParameter: Hashable, Sendable {
  public let name: String
  /// The value in use, written as it would be given.
  public let value: String
  public let defaultValue: String
  /// The values allowed, such as `1...1000`.
  public let range: String
  /// What it does, with its unit.
  public let meaning: String
}

/// Hands the parameters of a spec to a policy that is being made.
///
/// Reading a parameter declares it: name, default, range and meaning stand in one place, and the
/// catalogue learns them by making the policy once without any. A bad value is kept as `problem`
/// and the default returned, so a policy's `init` needs no error handling:
///
///     init(_ parameters: inout PolicyParameters) {
///       k = parameters.integer("k", default: 1, in: 1...1000, "runs left alone")
///     }
public struct PolicyParameters {
  private let policy: String
  private let given: [String: String]
  /// What has been read so far, in order.
  public private(set) var declared: [PolicyParameter] = []
  /// The first bad value or broken requirement.
  public private(set) var problem: StorageError?

  public init(policy: String, given: [String: String] = [:]) {
    self.policy = policy
    self.given = given
  }

  /// A whole number in `range`.
  public mutating func integer(
    _ name: String, default defaultValue: Int, in range: ClosedRange<Int>, _ meaning: String
  ) -> Int {
    read(name, default: defaultValue, in: range, kind: "a whole number", meaning) { Int($0) }
  }

  /// A size given as a whole number of MiB in `range`, returned in bytes.
  public mutating func mebibytes(
    _ name: String, default defaultValue: Int, in range: ClosedRange<Int>, _ meaning: String
  ) -> Int {
    integer(name, default: defaultValue, in: range, meaning) << 20
  }

  /// A decimal number in `range`.
  public mutating func number(
    _ name: String, default defaultValue: Double, in range: ClosedRange<Double>,
    _ meaning: String
  ) -> Double {
    read(name, default: defaultValue, in: range, kind: "a number", meaning) { Double($0) }
  }

  /// A switch, given as `true` or `false`.
  public mutating func flag(
    _ name: String, default defaultValue: Bool, _ meaning: String
  ) -> Bool {
    let number = read(
      name, default: defaultValue ? 1 : 0, in: 0...1, kind: "a switch", meaning,
      drawing: { $0 == 1 ? "true" : "false" },
      parse: { ["false": 0, "true": 1][$0] })
    return number == 1
  }

  /// One of some words.
  public mutating func choice(
    _ name: String, default defaultValue: String, among words: [String], _ meaning: String
  ) -> String {
    precondition(!words.isEmpty, "there is something to choose")
    let place = read(
      name, default: words.firstIndex(of: defaultValue) ?? 0, in: 0...words.count - 1,
      kind: "a word", meaning, allowed: words.joined(separator: ", "),
      drawing: { words[$0] }, parse: { words.firstIndex(of: $0) })
    return words[place]
  }

  /// A condition that several parameters have to meet together.
  public mutating func require(_ condition: Bool, _ reason: String) {
    guard !condition, problem == nil else { return }
    let values = declared.map { "\($0.name)=\($0.value)" }.joined(separator: ",")
    problem = .invalidArgument(name: "policy \(policy)", value: values, reason: reason)
  }

  private mutating func read<T: Comparable>(
    _ name: String, default defaultValue: T, in range: ClosedRange<T>, kind: String,
    _ meaning: String, allowed words: String? = nil,
    drawing draw: (T) -> String = { "\($0)" }, parse: (String) -> T?
  ) -> T {
    precondition(!declared.contains { $0.name == name }, "parameter \(name) is declared twice")
    precondition(range.contains(defaultValue), "the default of \(name) is out of its range")
    let allowed = words ?? "\(draw(range.lowerBound))...\(draw(range.upperBound))"
    var value = defaultValue
    if let text = given[name] {
      if let parsed = parse(text), range.contains(parsed) {
        value = parsed
      } else if problem == nil {
        problem = .invalidArgument(
          name: "policy \(policy): \(name)", value: text, reason: "it must be \(kind) in \(allowed)"
        )
      }
    }
    declared.append(
      PolicyParameter(
        name: name, value: draw(value), defaultValue: draw(defaultValue), range: allowed,
        meaning: meaning))
    return value
  }

  /// Call once all parameters have been read.
  /// - Throws: `StorageError.unknownName` for a parameter that was given but never declared,
  ///   else `problem`.
  public func finish() throws {
    let known = declared.map(\.name)
    if let unknown = given.keys.filter({ !known.contains($0) }).min() {
      throw StorageError.unknownName(
        kind: "parameter of policy \(policy)", name: unknown, known: known)
    }
    if let problem { throw problem }
  }
}
