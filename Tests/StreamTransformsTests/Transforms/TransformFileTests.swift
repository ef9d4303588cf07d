import ConfigReading
import ScanKernels
import StorageBase
import StreamTransforms
import Testing
import Yams

struct TransformFileTests {
  private struct Reader: ConfigReader {
    var mistakes = ConfigMistakes()
  }

  private func read(_ text: String) -> ([TransformStep], WindowSpec?, [String]) {
    var reader = Reader()
    guard let root = reader.document(text),
      let keys = reader.members(of: root, among: ["transforms", "window"])
    else { return ([], nil, reader.mistakes.texts) }
    let steps = reader.transforms(keys["transforms"])
    return (steps, reader.window(keys["window"]), reader.mistakes.texts)
  }

  private static let everyKey =
    """
    transforms:
      - standardise:
          - {column: at, from: created, type: datetime, formats: [iso, epoch_ms]}
          - {column: status, trim: true, case: lower, "null": ["", n/a], default: new}
          - {column: price, type: "decimal(18,2)", on_failure: default, default: "0"}
      - name: rules
        clean:
          - {column: price, range: [0, null], else: clamp}
          - {column: price, range: [-0.5, 1e3], else: drop}
          - {column: price, not_null: true, else: {fix: 0.25}}
          - {column: name, length: [0, 40], else: clamp}
          - {column: status, one_of: [new, "1", 2], else: {fix: new}}
          - {column: phone, characters: digits}
          - {column: mail, like: "%@%"}
          - {column: at, within: {past: 7d, future: 5m}}
          - {check: "price > 0", name: positive, else: drop}
      - mask:
          - {column: phone, keep: {prefix: 3, suffix: 4}}
          - {column: mail, hash: secret}
          - {column: card, aes: cards}
          - {column: note, replace: "***"}
      - compute: {revenue: price * 2, b: "status || '!'"}
      - filter: status <> 'test'
      - lookup:
          {table: users, on: {user: id}, add: {city: user_city}, cache: 1MiB, cache_rows: 5,
           ttl: 1h, miss: {user_city: "?"}}
      - lookup: {table: t, on: [k], add: [v], miss: "null"}
      - select: [at, revenue]
    window:
      sliding: {size: 5m, slide: 1m}
      time: at
      keys: [city]
      aggregates: {n: count, m: "count(*)", r: sum( price ), u: count_distinct(user)}
      delay: 5s
      lateness: 1m
      emit: changes
    """

  private static let everyStep: [Transform] = [
    .standardise([
      FieldStandard("at", from: "created", type: .datetime, patterns: ["iso", "epoch_ms"]),
      FieldStandard(
        "status", trim: true, letterCase: .lower, nullMarkers: ["", "n/a"], defaultText: "new"),
      FieldStandard(
        "price", type: .decimal(precision: 18, scale: 2), defaultText: "0",
        onFailure: .useDefault),
    ]),
    .clean([
      CleaningRule("price range", column: "price", .range(low: 0, high: nil), .clamp),
      CleaningRule(
        "price range", column: "price",
        .range(low: .decimal(unscaled: -5, scale: 1), high: 1000.0), .drop),
      CleaningRule(
        "price not_null", column: "price", .notNull, .fix(.decimal(unscaled: 25, scale: 2))),
      CleaningRule("name length", column: "name", .length(min: 0, max: 40), .clamp),
      CleaningRule(
        "status one_of", column: "status", .oneOf(["new", "1", 2]), .fix("new")),
      CleaningRule("phone characters", column: "phone", .characters(.digits)),
      CleaningRule("mail like", column: "mail", .like("%@%")),
      CleaningRule(
        "at within", column: "at", .within(past: 604_800_000_000, future: 300_000_000)),
      CleaningRule("positive", .satisfies(.compare(.greater, .column("price"), 0)), .drop),
    ]),
    .mask([
      MaskingRule("phone", .keep(prefix: 3, suffix: 4)),
      MaskingRule("mail", .hash(key: "secret")),
      MaskingRule("card", .encrypt(cipher: "cards")), MaskingRule("note", .replace("***")),
    ]),
    .compute([
      ComputedColumn("revenue", .arithmetic(.multiply, .column("price"), 2)),
      ComputedColumn("b", .call(.concat, [.column("status"), "!"])),
    ]), .filter(.compare(.notEqual, .column("status"), "test")),
    .lookup(
      LookupJoin(
        "users", on: [.init(stream: "user", dimension: "id")],
        adding: [.init(stream: "user_city", dimension: "city")], cacheRowsMax: 5,
        cacheBytesMax: 1 << 20, timeToLive: 3_600_000_000, miss: .values(["user_city": "?"]))),
    .lookup(
      LookupJoin(
        "t", on: [.init(stream: "k", dimension: "k")],
        adding: [.init(stream: "v", dimension: "v")])
    ), .select(["at", "revenue"]),
  ]

  @Test func everyKeyIsRead() throws {
    let (steps, window, mistakes) = read(Self.everyKey)
    #expect(mistakes == [])
    #expect(
      steps.map(\.name) == [
        "1 standardise", "rules", "3 mask", "4 compute", "5 filter", "6 lookup", "7 lookup",
        "8 select",
      ])
    #expect(steps[1].place == ConfigPlace(line: 8, column: 7))
    #expect(steps.map(\.transform) == Self.everyStep)
    #expect(
      window
        == WindowSpec(
          kind: .sliding(size: 300_000_000, slide: 60_000_000), time: "at", keys: ["city"],
          aggregates: [
            WindowAggregate(.count, as: "n"), WindowAggregate(.count, as: "m"),
            WindowAggregate(.sum, "price", as: "r"),
            WindowAggregate(.countDistinct, "user", as: "u"),
          ], delay: 5_000_000, allowedLateness: 60_000_000, emit: .changes))
  }

  @Test func allMistakesComeAtOnce() {
    let mistakes = read(
      """
      transforms:
        - filtr: a > 0
        - filter: a >
        - standardise: [{colum: a}]
        - standardise: [{column: a, type: int46, case: Lower, trim: 3}]
        - clean: [{column: a, ranged: [0, 1]}]
        - clean: [{column: a, range: [0], else: drp}]
        - clean: [{column: a, not_null: true, else: drp}]
        - mask: [{column: a}]
        - compute: []
        - lookup: {table: users, miss: maybe}
        - {filter: a, select: [b]}
      window:
        tumbling: 5
        aggregates: {a: summ(b), b: sum}
        emit: never
      """
    ).2
    for (index, part) in [
      "line 2, column 5: unknown key filtr; did you mean filter?",
      "line 3, column 13: filter: expected a value, found the end",
      "line 4, column 20: unknown key colum; did you mean column?", "it names no column",
      "line 5, column 37: unknown type \"int46\"", "case is \"Lower\"; expected lower or upper",
      "trim is \"3\"; expected true or false", "unknown key ranged; did you mean range?",
      "a rule has one of", "range takes two ends", "else is \"drp\"; did you mean drop?",
      "a mask is one of keep", "compute must be names with expressions", "a lookup needs on",
      "a lookup needs add", "a step is one of", "tumbling is \"5\"; expected a duration",
      "windows need time", "a is \"summ(b)\"; expected count", "b is \"sum\"; expected count",
      "emit is \"never\"; expected on-close or changes",
    ].enumerated() {
      #expect(mistakes.contains { $0.contains(part) }, "\(index): \(part) in \(mistakes)")
    }
  }

  /// A mistake of types has the place of its step.
  @Test func mistakesOfTypesHavePlaces() {
    let (steps, window, _) = read(
      """
      transforms:
        - filter: b > 0
        - select: [c]
      window: {tumbling: 1s, time: a, aggregates: {n: count}}
      """)
    var mistakes = ConfigMistakes()
    let schema = makeSchema([("a", .int64, false)])
    _ = TransformChain(
      steps, input: schema, resources: TransformResources(), mistakes: &mistakes)
    if let window {
      _ = WindowPlan(
        window, input: schema, place: ConfigPlace(line: 4, column: 9), mistakes: &mistakes)
    }
    #expect(
      mistakes.texts == [
        "line 2, column 13: 1 filter: condition: b is not a column; did you mean a?",
        "line 3, column 13: 2 select: column c is not there; did you mean a?",
        "line 4, column 9: window: time a is a int64; expected a datetime",
      ])
  }
}
