import ScanKernels
import StorageBase
import StreamTransforms
import Testing

struct RowTransformTests {
  private func values(_ batch: StreamBatch) -> [[Value]] { batch.rows.allRows }

  @Test func columnsAreStandardised() throws {
    let sample = TableSample(
      [("created", .string, true), ("status", .string, true), ("n", .int64, true)],
      [
        ["2026-01-01", " Paid ", 1], ["1767225600000", "N/A", nil], ["soon", "NEW", 3],
        [nil, "", nil],
      ])
    let fields = [
      FieldStandard(
        "at", from: "created", type: .datetime, patterns: ["iso", "epoch_ms"]),
      FieldStandard(
        "status", trim: true, letterCase: .lower, nullMarkers: ["N/A", ""], defaultText: "unknown"),
      FieldStandard("n", type: .int16, defaultText: "7"),
    ]
    let result = try run([TransformStep("s", .standardise(fields))], sample)
    #expect(
      result.batch.schema.columns.map { "\($0.name) \($0.type) \($0.isNullable)" }
        == ["at datetime true", "status string false", "n int16 false"])
    let day: Value = .integer(1_767_225_600_000_000)
    #expect(
      values(result.batch) == [
        [day, "paid", 1], [day, "unknown", 7], [nil, "unknown", 7],
      ])
    #expect(result.rejected.map(\.offset) == [102])
    #expect(result.rejected[0].reason == #"created is "soon", which is no datetime"#)
    #expect(result.rejected[0].row == #"{"created":"soon","status":"NEW","n":3}"#)
  }

  @Test(arguments: [
    (FieldStandard.Failure.null, [[1], [.null], [3]] as [[Value]], 1),
    (.useDefault, [[1], [9], [3]], 1), (.drop, [[1], [3]], 0),
  ])
  func failuresAreHandled(
    failure: FieldStandard.Failure, expected: [[Value]], fixed: Int
  ) throws {
    let sample = TableSample([("n", .string, false)], [["1"], ["x"], ["3"]])
    let field = FieldStandard(
      "n", type: .int64, defaultText: failure == .useDefault ? "9" : nil, onFailure: failure)
    let result = try run([TransformStep("s", .standardise([field]))], sample)
    #expect(values(result.batch) == expected && result.rejected.isEmpty)
    #expect(result.counters[0].valuesFixed == fixed)
  }

  private static let orders = TableSample(
    [
      ("amount", .decimal(precision: 10, scale: 2), true), ("name", .string, true),
      ("at", .datetime, true), ("n", .int32, false),
    ],
    [
      [1000, "abc", 1000, 1], [-5, "a-b", 2000, 2], [999_999, "abcdef", 9000, 3],
      [nil, nil, nil, 4], [50, "\u{7}", 4000, 5],
    ])

  private func clean(_ rules: [CleaningRule], now: Int64 = 5000) throws
    -> (kept: [[Value]], rejected: [RejectedRow], counters: StepCounters)
  {
    let result = try run([TransformStep("c", .clean(rules))], Self.orders, now: now)
    return (values(result.batch), result.rejected, result.counters[0])
  }

  private func numbers(_ rows: [[Value]]) -> [Value] { rows.map { $0[3] } }

  @Test func rowsThatBreakARuleGo() throws {
    let range = CleaningRule(
      "amount range", column: "amount", .range(low: 0, high: .decimal(unscaled: 10005, scale: 1)))
    var result = try clean([range])
    #expect(numbers(result.kept) == [1, 4, 5] && result.rejected.map(\.offset) == [101, 102])
    #expect(result.rejected[0].reason == #"amount is "-0.05"; expected 0 to 1000.5"#)
    #expect(result.rejected[0].rule == "amount range" && result.counters.rowsDiverted == 2)
    result = try clean([CleaningRule("n", column: "name", .notNull, .drop)])
    #expect(numbers(result.kept) == [1, 2, 3, 5] && result.counters.rowsDropped == 1)
    result = try clean([CleaningRule("n", column: "name", .length(min: 2, max: 4), .drop)])
    #expect(numbers(result.kept) == [1, 2, 4])
    result = try clean([CleaningRule("n", column: "name", .oneOf(["abc", "a-b"]), .drop)])
    #expect(numbers(result.kept) == [1, 2, 4])
    result = try clean([CleaningRule("n", column: "name", .like("a_%"), .drop)])
    #expect(numbers(result.kept) == [1, 2, 3, 4])
    result = try clean([CleaningRule("n", column: "name", .characters(.letters), .drop)])
    #expect(numbers(result.kept) == [1, 3, 4])
    result = try clean([CleaningRule("n", column: "name", .characters(.printable), .drop)])
    #expect(numbers(result.kept) == [1, 2, 3, 4])
    result = try clean([
      CleaningRule("t", column: "at", .within(past: 3500, future: 1000))
    ])
    #expect(numbers(result.kept) == [2, 4, 5] && result.rejected.map(\.offset) == [100, 102])
    let condition = try RowExpression(parsing: "amount > 0 and n < 5")
    result = try clean([CleaningRule("both", .satisfies(condition))])
    #expect(numbers(result.kept) == [1, 3, 4])
    #expect(result.rejected.map(\.reason) == ["the condition is false", "the condition is false"])
  }

  @Test func valuesAreFixed() throws {
    var result = try clean([
      CleaningRule("a", column: "amount", .range(low: 0, high: 1000), .clamp),
      CleaningRule("b", column: "amount", .notNull, .fix(.decimal(unscaled: 15, scale: 1))),
      CleaningRule("c", column: "name", .length(min: 0, max: 2), .clamp),
      CleaningRule("d", column: "at", .within(past: 3500, future: 1000), .clamp),
    ])
    #expect(
      result.kept == [
        [1000, "ab", 1500, 1], [0, "a-", 2000, 2], [100_000, "ab", 6000, 3], [150, nil, nil, 4],
        [50, "\u{7}", 4000, 5],
      ])
    #expect(result.counters.valuesFixed == 8 && result.counters.rowsOut == 5)
    // A rule sees what those before it fixed, and not the rows that are gone.
    result = try clean([
      CleaningRule("a", column: "n", .range(low: 3, high: nil), .drop),
      CleaningRule("b", column: "n", .range(low: nil, high: 3), .fix(9)),
      CleaningRule("c", column: "n", .oneOf([9]), .divert),
    ])
    #expect(numbers(result.kept) == [9, 9] && result.rejected.map(\.offset) == [102])
  }

  @Test func valuesAreMasked() throws {
    let sample = TableSample(
      [
        ("phone", .string, true), ("name", .string, true), ("id", .int64, true),
        ("c", .string, true),
      ],
      [["13812345678", "Zoë", 42, "x"], ["1234567", nil, nil, nil], [nil, "", -1, ""]])
    let key = Array("0123456789abcdef".utf8)
    let result = try run(
      [
        TransformStep(
          "m",
          .mask([
            MaskingRule("phone", .keep(prefix: 3, suffix: 4)),
            MaskingRule("name", .keep(prefix: 1, suffix: 0)),
            MaskingRule("id", .hash(key: "k")), MaskingRule("c", .encrypt(cipher: "r")),
          ]))
      ], sample,
      resources: TransformResources(keys: ["k": key], ciphers: ["r": Reversing()]))
    let rows = values(result.batch)
    #expect(rows.map { $0[0] } == ["138****5678", "*******", nil])
    #expect(rows.map { $0[1] } == ["Z**", nil, ""])
    // hmac.new(b"0123456789abcdef", b"42", "sha256").hexdigest()[:32]
    #expect(rows[0][2] == "8d24a2a526d5f556469db8b6280e3a7b" && rows[1][2] == nil)
    #expect(rows.map { $0[3] } == ["7801", nil, "00"])
    #expect(result.batch.schema.columns[2].type == .string)
    let replaced = try run(
      [TransformStep("m", .mask([MaskingRule("name", .replace("-"))]))], sample)
    #expect(values(replaced.batch).map { $0[1] } == ["-", nil, "-"])
  }

  /// Not a cipher: the bytes, backwards, and how many there are.
  private struct Reversing: ValueCipher {
    func encrypt(_ value: UnsafeRawBufferPointer, into output: inout [UInt8]) throws {
      output += value.reversed() + [UInt8(value.count)]
    }
  }

  @Test func columnsAreSelectedAndReplaced() throws {
    let result = try run(
      [
        TransformStep(
          "c",
          .compute([
            ComputedColumn("n", try RowExpression(parsing: "n * 2")),
            ComputedColumn("m", try RowExpression(parsing: "n + 1")),
          ])), TransformStep("s", .select(["m", "n"])),
      ], Self.orders)
    #expect(values(result.batch) == [[3, 2], [5, 4], [7, 6], [9, 8], [11, 10]])
    #expect(result.counters.map(\.name) == ["c", "s"])
  }

  /// Steps see what those before them made; all mistakes come at once.
  @Test func allMistakesOfAChainAreSaid() throws {
    let steps = [
      TransformStep("1", .select(["nam"])),
      TransformStep("2", .standardise([FieldStandard("at", trim: true)])),
      TransformStep("3", .clean([CleaningRule("r", column: "n", .oneOf(["x"]))])),
      TransformStep("4", .mask([MaskingRule("name", .hash(key: "k"))])),
      TransformStep("5", .compute([ComputedColumn("z", .column("y"))])),
      TransformStep("6", .filter(.column("n"))),
      TransformStep("7", .lookup(LookupJoin("users", on: [], adding: []))),
      TransformStep("8", .clean([CleaningRule("r", column: "n", .notNull, .clamp)])),
    ]
    do {
      _ = try TransformChain(steps, input: Self.orders.schema)
      Issue.record("taken")
    } catch {
      for part in [
        "8 mistakes", "1: column nam is not there; did you mean name?",
        "2: at is a datetime; trim, case", "3: r: expected", "4: name: key k is not there",
        "5: z: y is not a column", "6: condition: expected a condition", "7: dimension users",
        "8: r: only ranges, lengths and times",
      ] {
        #expect("\(error)".contains(part), "\(part) in \(error)")
      }
    }
  }
}
