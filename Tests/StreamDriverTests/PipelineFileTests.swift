import StorageBase
import Testing

@testable import StreamDriver

/// All mistakes of a pipeline file are told at once, with their places.
struct PipelineFileTests {
  private func mistakes(_ yaml: String) -> [String] {
    do {
      _ = try PipelineSpec(yaml: yaml, path: "p.yaml")
      return []
    } catch {
      return "\(error)".split(separator: "\n").dropFirst().map { String($0.dropFirst(2)) }
    }
  }

  @Test func mistakesAreToldTogether() {
    let found = mistakes(
      """
      name: sh op
      writers: 0
      chekpoint: 500ms
      source:
        generate: ordrs
        rate: -1
        follow: true
      tables:
        - tabel: orders
          unique: true
        - {table: b, sequence: at, delete_on: op = 'd'}
      windows:
        - window: {tumbling: 1m, time: at, aggregates: {n: count}}
      dimensions:
        - {table: users, files: users.csv, rows: 7}
      secrets:
        phones: {}
      dashboard:
        - {title: x}
      """)
    #expect(
      found == [
        "line 1, column 7: name is \"sh op\"; expected up to 64 letters, digits, - and _",
        "line 2, column 10: writers is \"0\"; expected 1 to 1024",
        "line 3, column 1: unknown key chekpoint; did you mean checkpoint?",
        "line 5, column 13: generate is \"ordrs\"; did you mean orders?",
        "line 6, column 9: rate is \"-1\"; expected 0.001 to 1000000000.0",
        "line 7, column 11: follow does not go with generate",
        "line 9, column 5: unknown key tabel; did you mean table?",
        "line 9, column 5: table is missing",
        "line 10, column 13: unique needs key: [column, ...]",
        "line 11, column 26: sequence is for tables with unique: true",
        "line 11, column 41: delete_on is for tables with unique: true",
        "line 13, column 5: table is missing",
        "line 15, column 44: rows does not go with files",
        "line 17, column 11: a secret has one of env, file",
        "line 19, column 5: sql is missing",
      ])
  }

  @Test func mistakesOfPartialTables() {
    #expect(
      mistakes(
        """
        name: shop
        source: {generate: product360, partitions: 3}
        tables:
          - {table: a, partial: true}
          - {table: b, key: [k], unique: true, partial: delta, schema_changes: apply}
          - {table: c, key: [k], unique: true, partial: often}
        """) == [
          "line 2, column 44: product360 has 4 streams; partitions are as many or more",
          "line 4, column 25: partial is for tables with unique: true",
          "line 5, column 72: partial rows do not change a table's columns",
          "line 6, column 49: partial is \"often\"; expected true, rewrite, delta, flexible or "
            + "{flexible: true, strategy: rewrite or delta}",
        ])
  }

  @Test func generatorsHaveTheirOwnKeys() {
    #expect(
      mistakes(
        """
        name: shop
        source: {generate: orders, scale: 2, users: 7}
        tables: [{table: a}]
        """) == [
          "line 2, column 35: scale does not go with generate: orders",
          "line 2, column 45: users does not go with generate: orders",
        ])
  }

  @Test func mistakesOfSchemaChanges() {
    func found(_ changes: String, source: String = "files: a.jsonl") -> [String] {
      mistakes(
        """
        name: shop
        source: {\(source)}
        schema_changes: \(changes)
        tables: [{table: "a_{x}", schema_changes: apply}, {table: b, schema_changes: fail}]
        """)
    }
    let tables = [
      "line 4, column 43: a table whose name is made of values keeps its columns",
      "line 4, column 78: schema_changes is \"fail\"; expected apply or ignore",
    ]
    #expect(
      found("aply") == [
        "line 3, column 17: schema_changes is \"aply\"; did you mean apply?"
      ] + tables)
    #expect(
      found("{action: ignore, refused: stop, on: a, rows: after}") == [
        "line 3, column 43: refused goes with action: apply",
        "line 3, column 49: unknown key on; did you mean of?",
        "line 3, column 62: rows is \"after\"; expected a path such as $.after",
      ] + tables)
    #expect(
      found("apply", source: "generate: orders") == [
        "line 3, column 17: generators have no changes of columns"
      ] + tables)
    #expect(
      found("apply", source: "files: a, format: csv") == [
        "line 3, column 17: changes of columns are found among rows of JSON only"
      ] + tables)
  }

  @Test func whatIsMissingIsSaid() {
    #expect(
      mistakes("writers: 2") == [
        "line 1, column 1: name is missing", "line 1, column 1: source is missing",
        "line 1, column 1: tables and windows are missing: rows would go nowhere",
      ])
    #expect(
      mistakes("") == ["the file is empty; give at least name:, source: and tables:"])
  }

  @Test func settingsAreRead() throws {
    let spec = try PipelineSpec(
      yaml: """
        name: shop
        writers: 3
        checkpoint: {interval: 250ms, longest: 5s}
        delivery: {batch: {rows: 100, bytes: 1MiB, time: 2s}}
        idle: 10s
        buffer: 8MiB
        batch_rows: 500
        source: {files: in/*.csv, follow: true}
        tables: {table: "t_{city}", where: amount > 5, columns: [id, city], buckets: 2}
        """, path: "p.yaml")
    #expect(spec.writerCount == 3 && spec.checkpointSeconds == 0.25)
    #expect(spec.longestCheckpointSeconds == 5 && spec.idleSeconds == 10)
    #expect(
      spec.delivery == .batches(BatchLimits(rowCount: 100, byteCount: 1 << 20, seconds: 2)))
    #expect(spec.bufferByteCount == 8 << 20 && spec.batchRowCount == 500)
    var text = TextSpec(path: "in/*.csv")
    text.isFollowed = true
    #expect(spec.source == .files(text))
    var layout = TableLayout()
    layout.bucketCount = 2
    #expect(
      spec.tables == [
        SinkTable(
          name: "t_{city}", condition: "amount > 5", columns: ["id", "city"], layout: layout)
      ])
  }

  #if !Kafka
    /// A topic is understood, so that its mistakes are told with the one that it cannot be read.
    @Test func topicsNeedTheTrait() {
      let found = mistakes(
        """
        name: shop
        source: {kafka: orders, brokers: nowhere, format: json, mapping: orders.yaml}
        tables: {table: orders}
        """)
      #expect(
        found == [
          "line 2, column 17: this program was built without Kafka; build it with it: "
            + "./dev setup --kafka, then swift build -c release --traits Kafka",
          "line 2, column 34: brokers has \"nowhere\"; expected HOST:PORT",
        ])
    }
  #endif
}
