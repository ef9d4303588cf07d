import BenchKit
import CompactionPolicies

/// Parameters with their defaults, ranges and meanings, for listings.
struct ParameterTable {
  let text: String

  init(_ parameters: [PolicyParameter]) {
    var table = TextTable([
      .init("  parameter", .leading), .init("default"), .init("range", .leading),
      .init("meaning", .leading),
    ])
    for parameter in parameters {
      table.append([
        "  " + parameter.name, parameter.defaultValue, parameter.range, parameter.meaning,
      ])
    }
    text = table.text
  }
}
